import { expect, it } from 'vitest';
import { openStoreLazily } from '../../activities/store/openStore.js';
import { watchStore } from '../../src/process/watchStore.js';
import { until } from '../support/ringtrueProcess.js';

it('the store cannot be reached at start: logged at once, with the time of the next try', async () => {
  const store = openStoreLazily({ databaseUrl: 'postgres://ringtrue:secret@127.0.0.1:1/nothing' });
  const lines: string[] = [];
  const log = { error: (line: string) => void lines.push(line), info: () => {} } as never;
  const stopping = new AbortController();
  const ended = watchStore(store, { log, signal: stopping.signal });
  await until(async () => lines.length > 0);
  expect(lines[0]).toMatch(/^The outcome store cannot be used: .*[^.?][.?] Calls wait; next try in 1 s\.$/);
  expect(lines[0]).not.toContain('secret');
  stopping.abort(new Error('over'));
  await ended;
  await store.close();
});

it('the store answers at start: nothing is logged', async () => {
  const lines: string[] = [];
  const log = {
    error: (line: string) => void lines.push(line),
    info: (line: string) => void lines.push(line),
  };
  await watchStore({ ping: async () => {} } as never, {
    log: log as never,
    signal: new AbortController().signal,
  });
  expect(lines).toEqual([]);
});
