import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { hide } from '../../src/process/log.js';

const secrets = ['auth-token-1', 'abc'];

it.each([
  ['call to +15005550006 failed', 'call to +1500•••0006 failed'],
  ['/calls?to=%2B15005550006', '/calls?to=+1500•••0006'],
  ['"to":"+4915112345678","from":"+15005550006"', '"to":"+4915•••5678","from":"+1500•••0006"'],
  ['at 2026-11-24T11:43:08+0100', 'at 2026-11-24T11:43:08+0100'],
  ['Basic auth-token-1', 'Basic (secret)'],
  ['abc is too short to be a secret', 'abc is too short to be a secret'],
])('line %s: shown as %s', (line, shown) => {
  expect(hide(line, { secrets, numbers: true })).toBe(shown);
});

it('level debug: numbers are shown, secrets are not', () => {
  expect(hide('+15005550006 auth-token-1', { secrets, numbers: false })).toBe('+15005550006 (secret)');
});

it('Temporal logs an error as `error`: the line has its type and message', async () => {
  const script = `
    import { createLog } from ${JSON.stringify(new URL('../../src/process/log.ts', import.meta.url).href)};
    const log = createLog({ level: 'info' });
    log.warn({ error: new TypeError('is broken') }, 'Workflow failed');`;
  const process = spawnSync('node', ['--import', 'tsx', '--input-type=module', '--eval', script]);
  expect(JSON.parse(String(process.stderr))).toMatchObject({
    level: 40,
    error: { type: 'TypeError', message: 'is broken' },
    msg: 'Workflow failed',
  });
});

it('an error that carries its request, as those of an HTTP client do: the request with its credentials is left out', () => {
  const script = `
    import { createLog } from ${JSON.stringify(new URL('../../src/process/log.ts', import.meta.url).href)};
    const log = createLog({ level: 'info' });
    const config = { headers: { Authorization: 'Basic QUM6dG9rZW4=' } };
    const error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', config, request: { config } });
    log.warn({ error }, 'as error');
    log.warn({ err: error }, 'as err');`;
  const process = spawnSync('node', ['--import', 'tsx', '--input-type=module', '--eval', script]);
  const text = String(process.stderr);
  expect(text).not.toContain('QUM6dG9rZW4=');
  for (const line of text.trim().split('\n')) {
    const { error, err } = JSON.parse(line);
    expect(error ?? err).toMatchObject({ message: 'socket hang up', code: 'ECONNRESET' });
  }
});
