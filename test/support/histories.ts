import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect } from 'vitest';

const directory = fileURLToPath(new URL('../histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Keeps the history of a call of the running test, under the test's name. */
export async function recordHistory(handle: WorkflowHandle): Promise<void> {
  const name = expect.getState().currentTestName?.split(' > ').at(-1) ?? handle.workflowId;
  const file = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 80);
  mkdirSync(directory, { recursive: true });
  // Stack traces name files by where they lie in the repository, not on some machine.
  const history = historyToJSON(await handle.fetchHistory()).replaceAll(root, '');
  writeFileSync(join(directory, `${file}.json`), history);
}

/** The recorded histories, and the names of the tests that they come from. */
export function recordedHistories(): { name: string; workflowId: string; history: unknown }[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const history = JSON.parse(readFileSync(join(directory, file), 'utf8'));
      const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
      return { name: file.replace(/\.json$/, ''), workflowId, history };
    });
}
