import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../activities/store/openStore.js';
import { useApi } from '../api/useApi.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
/** An account of its own: others are not to be paused. */
const accountSid = `AC${randomUUID().replaceAll('-', '')}`;
const api = useApi(context, () => ({
  accountSid,
  apiTokens: ['ann:admin:the-api-token', 'cem:call:the-call-token', 'dashboard:read:the-read-token'],
}));

const run = (...args: string[]) => runAs('the-api-token', ...args);

async function runAs(token: string, ...args: string[]) {
  const env = { RINGTRUE_API_URL: api.origin, RINGTRUE_API_TOKEN: token };
  const process = new RingtrueProcess(args, env);
  const { status } = await process.ended;
  return { status, stdout: process.stdout, stderr: process.stderr };
}
const success = (stdout: unknown) => ({ status: 0, stderr: '', stdout });

describe('a token whose role is too low', () => {
  it('status 1, and the message says which role is needed and how to give another token', async () => {
    const [dialing, call] = await Promise.all([
      runAs('the-call-token', 'dialing', 'pause'),
      runAs('the-read-token', 'call', context.to, '--twiml', '<Response/>'),
    ]);
    expect(dialing).toEqual({
      status: 1,
      stdout: '',
      stderr:
        "ringtrue: The token's role does not allow this (403). The token cem has the role call, and this request needs the role admin. Send a token with that role. Give it with --token or RINGTRUE_API_TOKEN.\n",
    });
    expect(call).toMatchObject({ status: 1, stdout: '' });
    expect(call.stderr).toContain('The token dashboard has the role read');
  });
});

describe('ringtrue do-not-call', () => {
  it('add, check, list and remove a number', async () => {
    const { to } = context;
    const reason = `asked us to, ${to}`;
    expect(await run('do-not-call', 'add', to, '--reason', reason)).toEqual(
      success(
        expect.stringMatching(
          /has been on the do-not-call list since .*, without an end \(api, by ann\): asked us to/,
        ),
      ),
    );
    const [checked, listed] = await Promise.all([
      run('do-not-call', 'check', to, '--json'),
      run('do-not-call', 'list', '--reason', reason),
    ]);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      to,
      entry: { to, reason },
      invalidNumber: null,
    });
    expect(listed.stdout).toMatch(/^NUMBER +UNTIL +SOURCE +SINCE +BY +REASON\n\+\d+ +no end +api .*Z +ann /);
    expect(await run('do-not-call', 'remove', to)).toEqual(
      success(`${to} is no longer on the do-not-call list.\n`),
    );
    const [gone, again] = await Promise.all([
      run('do-not-call', 'check', to),
      run('do-not-call', 'remove', to),
    ]);
    expect(gone).toEqual(
      success(`${to} is not on the do-not-call list.\nIt is not remembered as invalid.\n`),
    );
    expect(again).toMatchObject({ status: 1, stdout: '' });
    expect(again.stderr).toContain('The number is not on this list (404)');
  });

  it('import of a file: added, or refused with every fault; a missing file: status 2', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringtrue-csv-'));
    const file = (name: string, content: string) => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const good = file('good.csv', `to,reason\n${context.to}1,letter\n${context.to}2,letter\n`);
    const bad = file('bad.csv', 'to,reason\nhello,letter\n+15005550006,a,b\n');
    const [imported, refused, missing, purged] = await Promise.all([
      run('do-not-call', 'import', good),
      run('do-not-call', 'import', bad),
      run('do-not-call', 'import', join(directory, 'none.csv')),
      run('do-not-call', 'purge', '--json'),
    ]);
    expect(imported).toEqual(success('2 rows read; 2 numbers added to the list.\n'));
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(/- rows\.2\.to is "hello"[\s\S]*- rows\.3 has 3 columns/);
    expect(missing).toMatchObject({ status: 2, stdout: '' });
    expect(missing.stderr).toContain('none.csv cannot be read');
    expect(JSON.parse(purged.stdout)).toEqual({ removed: expect.any(Number) });
  });
});

describe('ringtrue invalid-numbers', () => {
  it('list shows what Twilio said; forget removes the number', async () => {
    const db = await openDatabase({ databaseUrl: inject('databaseUrl') });
    await db.query(
      `insert into invalid_numbers (to_number, source, code, message, call_id)
       values ($1, 'twilio', '21211', 'no such number', 'call-1')`,
      [context.to],
    );
    await db.close();
    const cursor = Buffer.from(context.to.slice(0, -1)).toString('base64url');
    const [listed, checked] = await Promise.all([
      run('invalid-numbers', '--limit', '1', '--cursor', cursor),
      run('do-not-call', 'check', context.to),
    ]);
    expect(listed.stdout).toContain(context.to);
    expect(listed.stdout).toMatch(/twilio 21211 +no such number +call-1/);
    expect(checked.stdout).toContain('invalid on');
    expect((await run('invalid-numbers', 'forget', context.to)).status).toBe(0);
    expect(
      (await api.get(`/invalid-numbers/${context.to}`, { Authorization: 'Bearer the-api-token' })).status,
    ).toBe(404);
  });
});

describe('ringtrue dialing', () => {
  it('pause, show, limit and resume dialing', async () => {
    const paused = await run('dialing', 'pause', '--reason', 'lunch');
    expect(paused).toEqual(success(expect.stringMatching(/paused +since .*: lunch\n/)));
    const limited = await run(
      'dialing',
      'limits',
      '--cps',
      '2.5',
      '--in-flight',
      '20',
      '--contacts',
      '3/86400',
    );
    expect(limited.stdout).toMatch(/calls per second +2\.5 \(set by an operator\)\n/);
    expect(limited.stdout).toMatch(/most calls to a number within 86400 s +3 \(set by an operator\)\n/);
    const [shown, back] = [
      await run('dialing', '--json'),
      await run(
        'dialing',
        'limits',
        '--cps',
        'default',
        '--contacts',
        'default',
        '--per-number',
        '1',
        '--json',
      ),
    ];
    expect(JSON.parse(shown.stdout)).toMatchObject({ accountSid, paused: { reason: 'lunch' } });
    expect(JSON.parse(back.stdout).limits).toEqual({
      callsPerSecond: null,
      callsInFlight: 20,
      contactsPerNumber: null,
      contactsPeriodSeconds: null,
      callsPerNumber: 1,
    });
    expect((await run('dialing', 'resume')).stdout).toMatch(/paused +no\n/);
  });

  it.each([
    [['limits'], 'No limit is given'],
    [['limits', '--cps', 'fast'], '--cps is "fast"; must be a number, or default'],
    [['limits', '--contacts', '3'], '--contacts is "3"; must be a count and seconds, such as 3/86400'],
    [['puase'], 'too many arguments'],
  ])('%j: status 2, and says what is right', async (args, message) => {
    const { status, stderr, stdout } = await run('dialing', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
