import { expect, it } from 'vitest';
import { fastForward } from '../support/fastForward.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callbackWaitSeconds: 1, pollIntervalSeconds: 3600 });

it('nobody ever says: unknown, not dialed again', async () => {
  const call = await context.bench.start({ to: context.to, retry: 'thrice', maxDurationSeconds: 60 });
  await call.until((s) => s.state === 'queued');
  await fastForward(context.bench.client, call.callId, 26 * 3600);
  expect(await call.result()).toMatchObject({
    outcome: 'unknown',
    reachability: 'undetermined',
    attempts: [{ number: 1, outcome: 'unknown', status: null }],
  });
  expect(context.twilio.creates).toHaveLength(1);
});
