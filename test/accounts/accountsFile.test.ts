import { readFileSync, writeFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type LiveAccounts, liveAccounts } from '../../src/config/accounts/liveAccounts.js';
import { rememberAccounts } from '../../src/config/accounts/rememberAccounts.js';
import { repeatedNames } from '../../src/config/accounts/repeatedNames.js';
import { apiConfiguration, workerConfiguration } from '../../src/config/configuration.js';
import { Readiness } from '../../src/process/readiness.js';
import { accountSid, complete, faultsOf, file } from '../configuration/faultsOf.js';

const sid = (digit: string) => `AC${digit.repeat(32)}`;
const token = 'token-of-b';
const b = { accountSid: sid('b'), authToken: token };
const entryFault = (fault: string) => `RINGTRUE_ACCOUNTS, account "b": ${fault}`;

/** The faults of a file with this content. */
function faultsIn(content: unknown, role: 'api' | 'worker' = 'api'): readonly string[] {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return faultsOf(role, { ...complete, RINGTRUE_ACCOUNTS: file(text) });
}

describe('a file with faults: each names the variable, the entry and the field', () => {
  it.each<[string, unknown, string]>([
    [
      'no SID',
      { b: { authToken: token } },
      'accountSid is missing; must be the account SID: AC and 32 hex digits',
    ],
    [
      'no token',
      { b: { accountSid: b.accountSid } },
      "authToken is missing; must be the account's auth token: it checks the signatures of callbacks",
    ],
    [
      'a wrong SID',
      { b: { ...b, accountSid: 'AC1' } },
      'accountSid is "AC1"; must be an account SID: AC and 32 hex digits',
    ],
    [
      'a number as token',
      { b: { ...b, authToken: 5 } },
      'authToken is set, but not right; must be text, in quotes',
    ],
    [
      'a token with a space',
      { b: { ...b, authToken: 'a b' } },
      'authToken is set, but not right; must be an auth token, without spaces',
    ],
    [
      'a key alone',
      { b: { ...b, apiKey: `SK${'1'.repeat(32)}` } },
      'apiSecret is missing; must be set, since apiKey is (or leave out both)',
    ],
    [
      'a wrong caller ID',
      { b: { ...b, from: '0123' } },
      'from is "0123"; must be a phone number in E.164: + and 2 to 15 digits, such as +15005550006',
    ],
    ['cps as text', { b: { ...b, cps: '5' } }, 'cps is "5"; must be a number 0.01..1000'],
    ['cps 0', { b: { ...b, cps: 0 } }, 'cps is 0; must be a number 0.01..1000'],
    [
      'half a call',
      { b: { ...b, callsInFlight: 0.5 } },
      'callsInFlight is 0.5; must be a whole number 0..1000000 of calls (0: any number)',
    ],
    [
      'a query in the URL',
      { b: { ...b, baseUrl: 'http://x?y' } },
      'baseUrl is "http://x?y"; must be an http(s) URL without user name, password and query',
    ],
    [
      'a field nobody knows',
      { b: { ...b, authTokenSecundary: 'x' } },
      '"authTokenSecundary" is unknown; the nearest known name is authTokenSecondary',
    ],
    ['a list', { b: [] }, 'is a list of 0; must be an object with accountSid and authToken'],
    [
      'the SID of the main account',
      { b: { ...b, accountSid } },
      `accountSid is ${accountSid}, which TWILIO_ACCOUNT_SID has too; must differ`,
    ],
    [
      'a field twice',
      `{"b": {"accountSid": "${b.accountSid}", "authToken": "one", "authToken": "two"}}`,
      'authToken comes twice; must come once',
    ],
    ['a name twice', `{"b": ${JSON.stringify(b)}, "b": ${JSON.stringify(b)}}`, 'comes twice; must come once'],
  ])('%s', (_, content, fault) => {
    for (const role of ['api', 'worker'] as const)
      expect(faultsIn(content, role)).toEqual([entryFault(fault)]);
  });

  it('several entries with faults: all are named at once, and no secret', () => {
    const faults = faultsIn({
      'bad name': b,
      c: { ...b, apiSecret: 'very secret' },
      d: { ...b, accountSid: sid('d'), cps: 1001, from: '1' },
    });
    expect([...faults].sort()).toEqual([
      'RINGTRUE_ACCOUNTS, account "bad name": its name must be 1..64 letters, digits and ._-, and begin with a letter or digit',
      `RINGTRUE_ACCOUNTS, account "c": accountSid is ${b.accountSid}, which account "bad name" has too; must differ`,
      'RINGTRUE_ACCOUNTS, account "c": apiKey is missing; must be set, since apiSecret is (or leave out both)',
      'RINGTRUE_ACCOUNTS, account "c": apiSecret is set, but not right; must be the secret of the API key, without spaces',
      'RINGTRUE_ACCOUNTS, account "d": cps is 1001; must be a number 0.01..1000',
      'RINGTRUE_ACCOUNTS, account "d": from is "1"; must be a phone number in E.164: + and 2 to 15 digits, such as +15005550006',
    ]);
  });

  it('no JSON: refused without its content, which has secrets', () => {
    expect(faultsIn(`{"b": {"authToken": "${token}"`).join()).toMatch(
      /^RINGTRUE_ACCOUNTS is \S+, which is not JSON \(no more is said, since it holds secrets\); must be one JSON object: accounts by name$/,
    );
    expect(faultsIn('[]').join()).toContain('which holds no object; must be one JSON object');
    expect(faultsOf('api', { ...complete, RINGTRUE_ACCOUNTS: '/no/such/file' }).join()).toContain(
      'RINGTRUE_ACCOUNTS is /no/such/file, which cannot be read',
    );
  });

  it('an entry goes to real Twilio: the public URL is checked', () => {
    const env = {
      ...complete,
      TWILIO_BASE_URL: 'http://127.0.0.1:1',
      RINGTRUE_PUBLIC_URL: 'http://localhost:3000',
    };
    const entry = { b: { ...b, baseUrl: 'https://api.twilio.com' } };
    expect(faultsOf('api', { ...env, RINGTRUE_ACCOUNTS: file(JSON.stringify({ b })) })).toEqual([]);
    expect(faultsOf('api', { ...env, RINGTRUE_ACCOUNTS: file(JSON.stringify(entry)) })).toEqual([
      expect.stringMatching(
        /^RINGTRUE_PUBLIC_URL is http:\/\/localhost:3000, and Twilio cannot reach a local name/,
      ),
    ]);
  });

  it('repeated names in a JSON text: each with the names around it', () => {
    expect(
      repeatedNames('{"a": {"x": 1, "y": [{"x": 1, "x": "}"}], "x": 2}, "\\u0061": ["a", "a"]}'),
    ).toEqual([['a', 'y', 'x'], ['a', 'x'], ['a']]);
  });
});

it('a right file: its own values, and those of the main account for what it leaves out', () => {
  const key = `SK${'3'.repeat(32)}`;
  const content = {
    b,
    c: {
      ...b,
      accountSid: sid('c'),
      apiKey: key,
      apiSecret: 's3cret',
      cps: 5,
      callsInFlight: 0,
      from: '+15005550009',
    },
  };
  const env = {
    ...complete,
    RINGTRUE_CPS: '2',
    RINGTRUE_CALLS_IN_FLIGHT: '7',
    TWILIO_FROM: '+15005550006',
    RINGTRUE_ACCOUNTS: file(JSON.stringify(content)),
  };
  const { atStart } = workerConfiguration(env).accounts;
  expect(atStart.get('b')).toMatchObject({
    twilio: { accountSid: b.accountSid, username: b.accountSid, password: token, baseUrl: null },
    ...{ authTokens: [token], defaultFrom: null, callsPerSecond: 2, callsInFlight: 7 },
  });
  expect(atStart.get('c')).toMatchObject({
    twilio: { username: key, password: 's3cret' },
    ...{ authTokens: [token], defaultFrom: '+15005550009', callsPerSecond: 5, callsInFlight: null },
  });
});

describe('the file changes while the process runs', () => {
  function start(content: unknown) {
    const path = file(JSON.stringify(content));
    const lines: unknown[] = [];
    const secrets: string[] = [];
    const log = {
      info: (text: string) => void lines.push(text),
      error: (what: unknown) => void lines.push(what),
    };
    const { accounts: source } = apiConfiguration({ ...complete, RINGTRUE_ACCOUNTS: path });
    const options = { log: log as never, metrics: new Registry(), secrets, checkEveryMs: 0 };
    return { path, lines, secrets, accounts: liveAccounts(source, options) };
  }
  const names = (accounts: LiveAccounts) => [...accounts.configured().keys()];

  it('an account comes, another one goes: in force at once; what went is kept for its calls, until it returns', () => {
    const { path, lines, secrets, accounts } = start({ b });
    expect(names(accounts)).toEqual(['b']);
    writeFileSync(path, JSON.stringify({ c: { accountSid: sid('c'), authToken: 'token-of-c' } }));
    expect(names(accounts)).toEqual(['c']);
    expect([...accounts.removed().values()]).toMatchObject([{ name: 'b', authTokens: [token] }]);
    expect(secrets).toEqual(expect.arrayContaining([token, 'token-of-c']));
    writeFileSync(path, JSON.stringify({ b }));
    expect(names(accounts)).toEqual(['b']);
    expect([...accounts.removed().values()]).toMatchObject([{ name: 'c' }]);
    expect(lines).toEqual(['RINGTRUE_ACCOUNTS has changed: c.', 'RINGTRUE_ACCOUNTS has changed: b.']);
  });

  it('a broken file: the accounts before it stay, the log and /readyz name it, and it does not stop the process', async () => {
    const { path, lines, accounts } = start({ b });
    expect(names(accounts)).toEqual(['b']);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, '{"b": {"accountSid": "AC1"}}');
    expect(names(accounts)).toEqual(['b']);
    expect(lines).toEqual([
      {
        faults: [
          entryFault('accountSid is "AC1"; must be an account SID: AC and 32 hex digits'),
          expect.stringContaining('authToken is missing'),
        ],
      },
    ]);
    const readiness = new Readiness();
    const stopping = new AbortController();
    const store = {
      rememberAccounts: async () => {},
      rememberedAccounts: async () => [{ name: 'gone', sid: sid('e'), defaultFrom: null }],
      accountsWithCalls: async (sids: string[]) => new Set(sids),
    };
    const parts = { store, readiness, log: { error: () => {} }, signal: stopping.signal };
    const first = rememberAccounts(accounts, parts);
    await expect
      .poll(async () => (await readiness.check()).checks.accounts)
      .toContain('RINGTRUE_ACCOUNTS has changed and cannot be used');
    stopping.abort();
    await first;
    writeFileSync(path, whole);
    const again = new AbortController();
    const second = rememberAccounts(accounts, { ...parts, signal: again.signal });
    await expect
      .poll(async () => (await readiness.check()).checks.accounts)
      .toBe(
        `account "gone" (${sid('e')}) is not configured and has calls that are not over: they wait until RINGTRUE_ACCOUNTS has it again`,
      );
    expect((await readiness.check()).ready).toBe(true);
    again.abort();
    await second;
  });
});
