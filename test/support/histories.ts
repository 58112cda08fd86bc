import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect } from 'vitest';

const directory = fileURLToPath(new URL('../histories/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
/** Longer names are hard to read, and some systems refuse them. */
const longestName = 150;

/** What this run has recorded, by the path of the files without `-1.json`. */
const recorded = new Map<string, { test: string; workflowIds: string[] }>();

export interface RecordedHistory {
  /** Test file and test, as in `retries/callback-says-busy`. */
  name: string;
  workflowId: string;
  history: unknown;
}

/**
 * Keeps the history of one workflow of the running test, in `FILE/DESCRIBE-SITUATION.json`. If the test has
 * several workflows, they are in `…-1.json`, `…-2.json`, in the order in which they were reserved.
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
  const { testPath, currentTestName: test } = expect.getState();
  if (testPath === undefined || test === undefined)
    throw new Error('A history can be recorded only while a test runs.');
  const path = join(directory, historyName(testPath, test));
  const known = recorded.get(path) ?? { test, workflowIds: [] };
  if (known.test !== test)
    throw new Error(
      `The histories of "${test}" and "${known.test}" would have the same name. Give them different situations.`,
    );
  if (!recorded.has(path)) removeEarlierRecording(path);
  recorded.set(path, known);
  if (!known.workflowIds.includes(handle.workflowId)) known.workflowIds.push(handle.workflowId);
  return { path, workflowIds: known.workflowIds };
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

/**
 * The name of the histories of a test. `test` is vitest's name: the titles of describes and test, joined by
 * ` > `. Of a title `situation: behavior` the name has the situation. Throws if the name is too long.
 */
export function historyName(testPath: string, test: string): string {
  const file = basename(testPath).replace(/\.test\.ts$/, '');
  const titles = test.split(' > ');
  const situation = titles.pop()?.split(': ')[0] ?? '';
  const slug = [...titles, situation]
    .join('-')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (slug.length > longestName)
    throw new Error(
      `"${test}" (${relative(root, testPath)}) makes a file name of ${slug.length} characters. ` +
        `Shorten the title of the describe, or the situation, to at most ${longestName} together.`,
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
