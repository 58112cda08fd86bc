import { Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { changedWorkflow } from './support/changedWorkflow.js';
import { historyName, recordedHistories } from './support/histories.js';

// A recorded history stands for a call that runs somewhere while its worker is replaced. From the baseline
// on, a history is never recorded anew because it fails here: a change that makes it fail needs `patched()`.
// Only calls that are new, or that a test did not cover before, are recorded.
/** All of them; with `-t "title of a test"` those of one test. */
const howToRecord = 'RINGTRUE_RECORD_HISTORIES=1 npx vitest run test/fates';
/** Fewer can only mean that they were lost: the fates of a call alone are more. */
const fewestHistories = 40;

/**
 * What replay found, by the name of the history: an error, or undefined when the workflow decided the same.
 */
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

describe('recorded histories', () => {
  it(`fewer than ${fewestHistories} are there: fails and says how to record them`, () => {
    expect(
      recordedHistories().length,
      `test/histories holds too few histories. Record them: ${howToRecord}`,
    ).toBeGreaterThanOrEqual(fewestHistories);
  });

  it('the workflow as it is now: replays each of them to the same decisions', async () => {
    const results = await replay({ codePath: inject('workflowBundlePath') });
    expect(results.size).toBe(recordedHistories().length);
    expect([...results].filter(([, error]) => error)).toEqual([]);
  });

  it('a workflow that was changed without a patch: replay fails', async () => {
    const changed = await changedWorkflow([
      'let decision = rejectedByLookup',
      'await condition(() => false, 1000);\n    let decision = rejectedByLookup',
    ]);
    const errors = [...(await replay(changed)).values()].filter(Boolean);
    expect(errors.length).toBeGreaterThan(10);
    expect(String(errors[0])).toMatch(/determinism/i);
  });
});

describe('the name of a recorded history', () => {
  it('a test in a describe: test file, title of the describe, situation', () => {
    const title = "busy > callback says the callee's busy: dials again after five minutes";
    expect(historyName('/checkout/test/fates/retries.test.ts', title)).toBe(
      'retries/busy-callback-says-the-callees-busy',
    );
  });

  it('a title that is too long for a file name: refused', () => {
    expect(() => historyName('/checkout/test/fates/retries.test.ts', 'a '.repeat(120))).toThrow(
      /Shorten the title/,
    );
  });
});
