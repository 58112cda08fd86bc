import { expect, it } from 'vitest';
import { fastForward } from '../support/timeSkipping.js';
import { useCallBench } from '../support/useCallBench.js';

const fates = useCallBench({ callbackWaitSeconds: 1, pollIntervalSeconds: 3600 });

it('nobody ever says: unknown, not dialled again', async () => {
  const call = await fates.bench.start({ to: fates.to, retry: 'thrice', maxDurationSeconds: 60 });
  await call.until((s) => s.state === 'queued');
  await fastForward(fates.bench.client, call.callId, 26 * 3600);
  expect(await call.result()).toMatchObject({
    outcome: 'unknown',
    reachability: 'undetermined',
    attempts: [{ number: 1, outcome: 'unknown', status: null }],
  });
  expect(fates.twilio.creates).toHaveLength(1);
});
