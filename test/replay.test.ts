import { Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { changedWorkflow } from './support/changedWorkflow.js';
import { recordedHistories } from './support/histories.js';

// Recorded by: RINGTRUE_RECORD_HISTORIES=1 npx vitest run test/fates -t "name of a test"
// A history is never recorded anew because it fails here: it is a call that may be running somewhere.

async function replay(
  workflowBundle: { codePath: string } | { code: string },
): Promise<Map<string, Error | undefined>> {
  const results = new Map<string, Error | undefined>();
  const recorded = recordedHistories();
  const nameOf = new Map(recorded.map(({ workflowId, name }) => [workflowId, name]));
  const histories = recorded as unknown as Parameters<typeof Worker.runReplayHistories>[1];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
    results.set(nameOf.get(workflowId) as string, error);
  return results;
}

describe('calls that were recorded while they ran', () => {
  it('replay to the same decisions with the workflow as it is now', async () => {
    const results = await replay({ codePath: inject('workflowBundlePath') });
    expect(results.size).toBe(recordedHistories().length);
    expect([...results].filter(([, error]) => error)).toEqual([]);
  });

  it('a change without a patch is seen', async () => {
    const changed = await changedWorkflow([
      'let decision = (lookup',
      'await condition(() => false, 1000);\n    let decision = (lookup',
    ]);
    const errors = [...(await replay(changed)).values()].filter(Boolean);
    expect(errors.length).toBeGreaterThan(10);
    expect(String(errors[0])).toMatch(/determinism/i);
  });
});
