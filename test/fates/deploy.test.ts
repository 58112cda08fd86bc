import { expect, it } from 'vitest';
import { startCallBench } from '../support/callBench.js';
import { changedWorkflow } from '../support/changedWorkflow.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callbackWaitSeconds: 30 });

it('a deploy in the middle, old and new workers together: calls go on, and are dialed once', async () => {
  const { bench, store, twilio } = context;
  const started = await Promise.all(
    Array.from({ length: 4 }, (_, n) => bench.start({ to: `${context.to.slice(0, -1)}${n}` })),
  );
  for (const call of started) await call.until((s) => s.state === 'queued');

  // The new version asks one thing more, guarded by a patch: calls that began before do without it.
  const workflowBundle = await changedWorkflow(
    [
      "from '@temporalio/workflow';",
      "from '@temporalio/workflow';\nimport { patched as isNew, sleep } from '@temporalio/workflow';",
    ],
    [
      'let decision = rejectedByLookup',
      "if (isNew('deploy')) await sleep(10);\n    let decision = rejectedByLookup",
    ],
  );
  const newer = await startCallBench({
    store,
    twilioUrl: twilio.url,
    settings: bench.settings,
    taskQueue: bench.taskQueue,
    workflowBundle,
  });
  const later = await Promise.all(
    Array.from({ length: 4 }, (_, n) => newer.start({ to: `${context.to.slice(0, -1)}${n + 4}` })),
  );
  for (const call of later) await call.until((s) => s.state === 'queued');
  // The old worker goes; what it has begun is taken up by the new one, from its history.
  await bench.drain();
  for (const call of [...started, ...later]) {
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', { SequenceNumber: '3' });
    // Not `call.result()`: the workflow of these calls is not to be recorded, since it is only of this test.
    expect(await call.handle.result()).toMatchObject({ outcome: 'answered' });
  }
  expect(twilio.creates).toHaveLength(8);
  await newer.stop();
});
