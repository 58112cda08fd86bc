import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect } from 'vitest';

const directory = fileURLToPath(new URL('../histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
/** Longer names are a nuisance in a checkout, and some systems refuse them. */
const longestName = 180;

/**
 * Workflow ids whose histories the running test file has recorded, by the path of their files without
 * `-1.json`.
 */
const recorded = new Map<string, string[]>();

export interface RecordedHistory {
  /** Test file and test, as in `retries/busy-dials-again`. */
  name: string;
  workflowId: string;
  history: unknown;
}

/**
 * Keeps the history of one workflow of the running test. A test with one workflow has
 * `FILE/DESCRIBE-TITLE.json`. With several it has `…-1.json`, `…-2.json`, in the order in which they were
 * reserved.
 */
export async function recordHistory(handle: WorkflowHandle): Promise<void> {
  const { path, workflowIds } = reserveHistory(handle);
  // Stack traces name files by their place in the repository, not on some machine.
  const history = historyToJSON(await handle.fetchHistory()).replaceAll(root, '');
  mkdirSync(dirname(path), { recursive: true });
  const only = `${path}.json`;
  if (workflowIds.length > 1 && existsSync(only)) renameSync(only, `${path}-1.json`);
  const number = workflowIds.indexOf(handle.workflowId) + 1;
  writeFileSync(workflowIds.length === 1 ? only : `${path}-${number}.json`, history);
}

/**
 * Gives a workflow its number before it ends: workflows that end at about the same time keep their names from
 * run to run.
 */
export function reserveHistory(handle: WorkflowHandle): { path: string; workflowIds: string[] } {
  const path = join(directory, nameOfTest());
  let workflowIds = recorded.get(path);
  if (!workflowIds) {
    workflowIds = [];
    recorded.set(path, workflowIds);
    removeEarlierRecording(path);
  }
  if (!workflowIds.includes(handle.workflowId)) workflowIds.push(handle.workflowId);
  return { path, workflowIds };
}

/** Every recorded history, in the order of their names. */
export function recordedHistories(): RecordedHistory[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const history = JSON.parse(readFileSync(join(directory, file), 'utf8'));
      const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
      return { name: file.replace(/\.json$/, ''), workflowId, history };
    });
}

/** `FILE/DESCRIBE-TITLE` of the running test. Throws when its title makes a name that is too long. */
function nameOfTest(): string {
  const { testPath, currentTestName } = expect.getState();
  if (testPath === undefined || currentTestName === undefined)
    throw new Error('A history can be recorded only while a test runs.');
  return historyName(testPath, currentTestName);
}

/**
 * The name of the histories of a test. `currentTestName` is vitest's: the titles of describes and test,
 * joined by ` > `.
 */
export function historyName(testPath: string, currentTestName: string): string {
  const file = basename(testPath).replace(/\.test\.ts$/, '');
  const slug = currentTestName
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (slug.length > longestName)
    throw new Error(
      `The title of "${currentTestName}" (${relative(root, testPath)}) makes a file name of ${slug.length} characters. ` +
        `Shorten it so that the name has at most ${longestName}.`,
    );
  return `${file}/${slug}`;
}

/** Deletes what the same test recorded before: it may have had more calls then. */
function removeEarlierRecording(path: string): void {
  const name = basename(path);
  for (const file of existsSync(dirname(path)) ? readdirSync(dirname(path)) : [])
    if (file.startsWith(name) && /^(-\d+)?\.json$/.test(file.slice(name.length)))
      rmSync(join(dirname(path), file));
}
