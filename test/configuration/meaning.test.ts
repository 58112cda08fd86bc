import { describe, expect, it } from 'vitest';
import {
  apiConfiguration,
  demoEnvironment,
  devConfiguration,
  workerConfiguration,
} from '../../src/config/configuration.js';
import { accountSid, apiKey, complete, faultsOf, file } from './faultsOf.js';

describe('what the variables mean', () => {
  it('an empty or blank variable: counts as not set', () => {
    expect(devConfiguration({ PORT: '', TWILIO_AUTH_TOKEN: '  ' }).port).toBe(3000);
  });

  it.each([
    ['https://Calls.example.com/', 'https://calls.example.com'],
    ['https://calls.example.com/prefix/', 'https://calls.example.com/prefix'],
    ['https://calls.example.com#fragment', 'https://calls.example.com'],
    ['https://calls.example.com:8443', 'https://calls.example.com:8443'],
  ])('the public URL is %s: callbacks are built on %s', (configured, expected) => {
    expect(workerConfiguration({ ...complete, RINGTRUE_PUBLIC_URL: configured }).activities.publicUrl).toBe(
      expected,
    );
  });

  it('an API key is set: REST requests use it, signatures are still checked with the auth token', () => {
    const env = {
      ...complete,
      TWILIO_API_KEY: apiKey,
      TWILIO_API_SECRET: 'key-secret',
      TWILIO_AUTH_TOKEN_SECONDARY: 'next',
    };
    expect(workerConfiguration(env).activities.twilio).toMatchObject({
      username: apiKey,
      password: 'key-secret',
      accountSid,
    });
    expect(apiConfiguration(env).twilioAuthTokens).toEqual(['the-token', 'next']);
  });

  it('TWILIO_FROM is written with a trunk prefix: read in its one spelling', () => {
    const env = { ...complete, TWILIO_FROM: '+4407700900123' };
    expect(apiConfiguration(env).defaultFrom).toBe('+447700900123');
    expect(workerConfiguration(env).activities.defaultFrom).toBe('+447700900123');
  });

  it('the auth token is rotated: notifications are signed with the secrets of both tokens, the new one first', () => {
    const rotated = {
      ...complete,
      TWILIO_AUTH_TOKEN: 'new0new0new0new0new0new0new0new0',
      TWILIO_AUTH_TOKEN_SECONDARY: 'old0old0old0old0old0old0old0old0',
    };
    const before = { ...complete, TWILIO_AUTH_TOKEN: rotated.TWILIO_AUTH_TOKEN_SECONDARY };
    const after = { ...complete, TWILIO_AUTH_TOKEN: rotated.TWILIO_AUTH_TOKEN };
    const secretsOf = (env: NodeJS.ProcessEnv) => workerConfiguration(env).activities.notify.secrets;
    expect(secretsOf(rotated)).toEqual([...secretsOf(after), ...secretsOf(before)]);
    expect(devConfiguration(rotated).notify.secrets).toEqual(secretsOf(rotated));
    const own = `whsec_${Buffer.alloc(24).toString('base64')}`;
    expect(secretsOf({ ...rotated, RINGTRUE_NOTIFY_SECRETS: own })).toEqual([own]);
  });

  it('a region and an edge of Twilio: every request to Twilio goes there', () => {
    const env = { ...complete, TWILIO_REGION: 'ie1', TWILIO_EDGE: 'dublin' };
    expect(workerConfiguration(env).activities.twilio).toMatchObject({ region: 'ie1', edge: 'dublin' });
    expect(workerConfiguration(complete).activities.twilio).toMatchObject({ region: null, edge: null });
    expect(faultsOf('worker', { ...env, TWILIO_REGION: 'Ireland (IE1)' })).toEqual([
      'TWILIO_REGION is "Ireland (IE1)"; must be a Twilio region, such as ie1',
    ]);
    const based = { ...env, TWILIO_BASE_URL: 'https://twilio.internal' };
    expect(faultsOf('worker', based)).toEqual([
      'TWILIO_REGION has no effect, since TWILIO_BASE_URL is set; must be unset (or unset the other)',
      'TWILIO_EDGE has no effect, since TWILIO_BASE_URL is set; must be unset (or unset the other)',
    ]);
  });

  it.each<[object, string | null]>([
    [{}, null],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128'],
    [{ https_proxy: 'proxy:3128', HTTP_PROXY: 'http://other' }, 'http://proxy:3128'],
    [{ HTTP_PROXY: 'http://proxy:3128' }, 'http://proxy:3128'],
    [{ ALL_PROXY: 'https://proxy' }, 'https://proxy'],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: 'localhost, .twilio.com' }, null],
    [{ HTTPS_PROXY: 'http://proxy', no_proxy: '*' }, null],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: 'notwilio.com,wilio.com' }, 'http://proxy'],
    [{ HTTPS_PROXY: 'http://proxy', TWILIO_BASE_URL: 'http://127.0.0.1:3001' }, null],
    [{ HTTPS_PROXY: 'http://proxy', TWILIO_BASE_URL: 'https://twilio.internal', NO_PROXY: 'internal' }, null],
  ])('a proxy is named by %o: requests to Twilio go through %s', (env, proxyUrl) => {
    expect(workerConfiguration({ ...complete, ...env }).activities.twilio.proxyUrl).toBe(proxyUrl);
  });

  it('a proxy of another kind: a fault, which does not repeat its password; and the log hides it', () => {
    expect(faultsOf('worker', { ...complete, HTTPS_PROXY: 'socks5://me:pass@proxy:1080' })).toEqual([
      'HTTPS_PROXY is set, but not right; must be an http(s) URL such as http://proxy.internal:3128 (or name api.twilio.com in NO_PROXY)',
    ]);
    const env = { ...complete, HTTPS_PROXY: 'http://me:pass%40word@proxy:3128' };
    expect(workerConfiguration(env).secrets).toEqual(expect.arrayContaining(['pass%40word', 'pass@word']));
  });

  it('PGSSLROOTCERT: added to a DATABASE_URL with TLS that names no authority', () => {
    const pem = file('a certificate');
    const urlOf = (query: string) =>
      apiConfiguration({ ...complete, PGSSLROOTCERT: pem, DATABASE_URL: `postgres://db/x${query}` })
        .databaseUrl;
    expect(urlOf('?sslmode=require')).toBe(
      `postgres://db/x?sslmode=require&sslrootcert=${encodeURIComponent(pem)}`,
    );
    for (const query of ['', '?sslmode=disable', `?sslmode=verify-full&sslrootcert=${pem}`])
      expect(urlOf(query)).toBe(`postgres://db/x${query}`);
  });

  it('a certificate file of the database cannot be read: a fault that names variable and file', () => {
    const DATABASE_URL = 'postgres://db/x?sslmode=verify-full';
    for (const role of ['api', 'worker', 'setup', 'dev'] as const) {
      const env = role === 'dev' ? {} : complete;
      const faults = (more: object) => faultsOf(role, { ...env, DATABASE_URL, ...more });
      expect(faults({ PGSSLROOTCERT: '/no/ca.pem' })).toEqual([
        expect.stringMatching(/^PGSSLROOTCERT is \/no\/ca\.pem, which cannot be read: ENOENT/),
      ]);
      expect(faults({ DATABASE_URL: `${DATABASE_URL}&sslkey=/no/key.pem` })).toEqual([
        expect.stringMatching(/^DATABASE_URL names sslkey=\/no\/key\.pem, which cannot be read: ENOENT/),
      ]);
    }
  });

  it('a policy file: read and completed, and can replace built-in policies', () => {
    const path = file(
      '{"default": {"maxAttempts": 2}, "patient": {"maxAttempts": 5, "initialIntervalSeconds": 600}}',
    );
    const policies = apiConfiguration({ ...complete, RINGTRUE_POLICIES: path }).policies.atStart;
    expect(Object.keys(policies)).toEqual(['default', 'standard', 'patient']);
    expect(policies.default).toMatchObject({ maxAttempts: 2, retryOn: ['busy', 'no-answer', 'failed'] });
    expect(policies.standard).toMatchObject({
      maxAttempts: 3,
      initialIntervalSeconds: 300,
      backoffCoefficient: 2,
      maximumIntervalSeconds: 3600,
    });
  });

  it('a policy file with faults: names each one with its policy and field', () => {
    const path = file(
      '{"a": {"maxAttempts": 0}, "b": {"maxAttempts": 2, "retryOn": ["answered"], "pause": 1}}',
    );
    expect(faultsOf('api', { ...complete, RINGTRUE_POLICIES: path })).toEqual([
      expect.stringContaining('policy "a": maxAttempts is 0; must be'),
      expect.stringContaining('policy "b": retryOn.0 is "answered"; must be'),
      expect.stringContaining('policy "b": pause is unknown; must be'),
    ]);
    expect(faultsOf('api', { ...complete, RINGTRUE_POLICIES: file('{') })).toEqual([
      expect.stringContaining('not JSON'),
    ]);
    expect(faultsOf('api', { ...complete, RINGTRUE_POLICIES: file('[]') })).toEqual([
      expect.stringContaining('one JSON object'),
    ]);
  });

  it('simulated and real calls: kept in different directories', () => {
    const real = devConfiguration({ ...complete, RINGTRUE_DATA_DIR: '/data' });
    const simulated = devConfiguration({ RINGTRUE_DATA_DIR: '/data' });
    expect([real.dataDirectory, simulated.dataDirectory]).toEqual(['/data/twilio', '/data/simulated']);
  });

  it.each([
    ['signal', 'signal'],
    ['store', 'store'],
    ['', 'signal'],
  ])('RINGTRUE_PROGRESS is "%s": callbacks about progress go to the %s', (value, expected) => {
    for (const read of [apiConfiguration, devConfiguration])
      expect(read({ ...complete, RINGTRUE_PROGRESS: value }).progress).toBe(expected);
  });

  it('dev with the simulator: waits are short unless configured', () => {
    expect(devConfiguration({}).callSettings).toMatchObject({
      callsPerSecond: 10,
      callbackWaitSeconds: 4,
      pollIntervalSeconds: 1,
    });
    expect(devConfiguration({ RINGTRUE_CALLBACK_WAIT_SECONDS: '30' }).callSettings).toMatchObject({
      callbackWaitSeconds: 30,
    });
    expect(devConfiguration(complete).callSettings).toMatchObject({
      callsPerSecond: 1,
      callbackWaitSeconds: 60,
      pollIntervalSeconds: 15,
    });
  });

  it('limits: set, removed with 0, or left at their defaults', () => {
    const env = {
      ...complete,
      RINGTRUE_CALLS_IN_FLIGHT: '20',
      RINGTRUE_CALLS_PER_NUMBER: '0',
      RINGTRUE_CONTACTS_PER_NUMBER: '3/86400',
    };
    expect(workerConfiguration(env).activities).toMatchObject({
      callsInFlight: 20,
      callsPerNumber: null,
      contactsPerNumber: { count: 3, seconds: 86_400 },
      rememberInvalidSeconds: 86_400,
    });
    expect(devConfiguration({ RINGTRUE_CALLS_IN_FLIGHT: '0' }).callSettings).toMatchObject({
      callsInFlight: null,
      callsPerNumber: 1,
      contactsPerNumber: null,
      rememberInvalidSeconds: 0,
    });
  });

  it('a Temporal server is configured: dev starts none', () => {
    expect(devConfiguration({}).temporalServer).toEqual({ port: 7233, uiPort: 8233 });
    const named = devConfiguration({
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
      TEMPORAL_NAMESPACE: 'calls',
    });
    expect(named).toMatchObject({
      temporalServer: null,
      temporal: { address: 'temporal.example.com:7233', namespace: 'calls' },
    });
  });

  it('RINGTRUE_CALLING_WINDOW: dev and workers use it', () => {
    const window = { start: '08:00', end: '21:00', blockedDates: ['2026-12-25'] };
    const env = { RINGTRUE_CALLING_WINDOW: JSON.stringify(window) };
    expect(workerConfiguration({ ...complete, ...env }).activities.callingWindow).toEqual(window);
    expect(devConfiguration(env).callSettings.callingWindow).toEqual(window);
    expect(workerConfiguration(complete).activities.callingWindow).toBeNull();
  });

  it('real systems are configured: the demo ignores all of them', () => {
    const { env, left } = demoEnvironment({
      ...complete,
      RINGTRUE_API_TOKENS: '',
      TEMPORAL_ADDRESS: 'prod:7233',
      PORT: '8080',
      PATH: '/bin',
    });
    expect(left).toEqual([
      'DATABASE_URL',
      'RINGTRUE_PUBLIC_URL',
      'TEMPORAL_ADDRESS',
      'TWILIO_ACCOUNT_SID',
      'TWILIO_AUTH_TOKEN',
    ]);
    expect(env).toEqual({ PORT: '8080', PATH: '/bin', RINGTRUE_API_TOKENS: '' });
  });

  it('secrets: tokens, key secret, database password, API tokens', () => {
    const env = {
      ...complete,
      TWILIO_API_KEY: apiKey,
      TWILIO_API_SECRET: 'key-secret',
      RINGTRUE_API_TOKENS: 'one,two',
      TEMPORAL_API_KEY: 'cloud',
    };
    expect(apiConfiguration(env).secrets).toEqual([
      'the-token',
      'key-secret',
      'cloud',
      'one',
      'two',
      'very-secret',
      // As requests to Twilio carry them.
      Buffer.from(`${accountSid}:the-token`).toString('base64'),
      Buffer.from(`${apiKey}:key-secret`).toString('base64'),
    ]);
  });

  it('the caller id in another spelling, or with an invisible mark: the one spelling', () => {
    for (const TWILIO_FROM of ['+4407700900123', '\u202a+447700900123\u202c'])
      expect(workerConfiguration({ ...complete, TWILIO_FROM }).activities.defaultFrom).toBe('+447700900123');
  });
});
