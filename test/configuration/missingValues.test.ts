import { describe, expect, it } from 'vitest';
import { apiConfiguration, workerConfiguration } from '../../src/config/configuration.js';
import { accountSid, apiKey, complete, faultsOf, local } from './faultsOf.js';

describe('what a process needs', () => {
  it.each(['api', 'worker'] as const)(
    '%s, nothing set: names every missing variable in one message',
    (role) => {
      const faults = faultsOf(role, {});
      expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
        'TWILIO_ACCOUNT_SID',
        'TWILIO_AUTH_TOKEN',
        'RINGTRUE_PUBLIC_URL',
        'DATABASE_URL',
      ]);
    },
  );

  it('several variables are wrong: one message names all of them', () => {
    const env = { ...complete, PORT: 'x', RINGTRUE_CPS: 'y', DATABASE_URL: 'z', TEMPORAL_TLS: 'maybe' };
    expect(() => apiConfiguration(env)).toThrow(
      /4 faults[\s\S]*RINGTRUE_CPS[\s\S]*PORT[\s\S]*DATABASE_URL[\s\S]*TEMPORAL_TLS/,
    );
  });

  it('a calling window with several faults: one message names all of them', () => {
    expect(faultsOf('worker', { ...complete, RINGTRUE_CALLING_WINDOW: '{"days":[8],"open":1}' })).toEqual([
      'RINGTRUE_CALLING_WINDOW is not right: days.0 is 8; must be an integer 1..7 (1 is Monday)',
      'RINGTRUE_CALLING_WINDOW is not right: open is unknown; must be one of timeZone, start, end, days, ranges, blockedDates',
      'RINGTRUE_CALLING_WINDOW is not right: start is missing; must be a local time HH:MM, 00:00..23:59',
      'RINGTRUE_CALLING_WINDOW is not right: end is missing; must be a local time HH:MM, 00:00..24:00',
    ]);
  });

  it('destinations with several faults: one message names all of them', () => {
    const right =
      'must be countries (ISO 3166, two letters) and prefixes, separated by commas, such as US,CA,+49';
    expect(faultsOf('worker', { ...complete, RINGTRUE_DESTINATIONS: 'US,UK,XX,49,+0,Canada,' })).toEqual([
      `RINGTRUE_DESTINATIONS names "UK", which is no country of ISO 3166 (the United Kingdom is GB); ${right}`,
      `RINGTRUE_DESTINATIONS names "XX", which is no country with a calling code; ${right}`,
      `RINGTRUE_DESTINATIONS names "49", a prefix without its +; ${right}`,
      `RINGTRUE_DESTINATIONS names "+0", neither a country nor a prefix; ${right}`,
      `RINGTRUE_DESTINATIONS names "Canada", neither a country nor a prefix; ${right}`,
      `RINGTRUE_DESTINATIONS names "", neither a country nor a prefix; ${right}`,
    ]);
  });

  it('destinations: API and worker apply the same ones', () => {
    const env = { ...complete, RINGTRUE_DESTINATIONS: 'US, ca,+49' };
    const destinations = { countries: ['US', 'CA'], prefixes: ['+49'] };
    expect(apiConfiguration(env).rules.destinations).toEqual(destinations);
    expect(workerConfiguration(env).activities.destinations).toEqual(destinations);
    expect(workerConfiguration(complete).activities.destinations).toBeNull();
  });

  it.each(['dev', 'setup', 'simulator'] as const)('%s, nothing set: starts', (role) => {
    expect(faultsOf(role, {})).toEqual([]);
  });

  it.each([
    [
      { TWILIO_API_KEY: apiKey },
      'TWILIO_API_SECRET is missing; must be set, since TWILIO_API_KEY is (or unset both)',
    ],
    [
      { TWILIO_API_SECRET: 's' },
      'TWILIO_API_KEY is missing; must be set, since TWILIO_API_SECRET is (or unset both)',
    ],
    [
      { TEMPORAL_TLS_CLIENT_CERT_DATA: 'pem' },
      "TEMPORAL_TLS_CLIENT_KEY_PATH (or _DATA) is missing; must be set, since the client's cert is",
    ],
    [
      { HOST: '0.0.0.0', RINGTRUE_API_TOKENS: '', ...local },
      'HOST is 0.0.0.0, beyond this machine, and RINGTRUE_API_TOKENS is missing; must be set, so that strangers cannot place calls (or leave HOST at 127.0.0.1)',
    ],
    [
      { RINGTRUE_POLICIES: '/no/such/file' },
      "RINGTRUE_POLICIES is /no/such/file, which cannot be read: ENOENT: no such file or directory, open '/no/such/file'; must be a JSON file",
    ],
  ])('api with %o: refused', (extra, fault) => {
    expect(faultsOf('api', { ...complete, ...extra })).toEqual([fault]);
  });

  it.each([
    [{ HOST: '0.0.0.0', RINGTRUE_API_TOKENS: 'token-1, token-2' }],
    [{ HOST: '127.0.0.9' }],
    [{ HOST: '::1' }],
    [{ HOST: 'localhost' }],
    [{ ...local, RINGTRUE_PUBLIC_URL: '' }],
    [{ TWILIO_API_KEY: apiKey, TWILIO_API_SECRET: 'secret' }],
  ])('api with %o: starts', (extra) => {
    expect(faultsOf('api', { ...complete, ...extra })).toEqual([]);
  });

  it.each([
    'https://calls.example.com',
    'https://calls.example.com/ringtrue',
    'https://abc123.tunnel.example',
    'http://192.168.1.7:3000',
    'http://api:3000',
    'http://[2001:db8::1]:3000',
    'http://localhost.example.com',
    'http://0.0.0.0:3000',
  ])('no tokens, and the public URL %s leads here from beyond this machine: api and dev refuse', (url) => {
    const fault = `RINGTRUE_PUBLIC_URL is ${url}, beyond this machine, and RINGTRUE_API_TOKENS is missing; must be set, so that strangers cannot place calls`;
    for (const RINGTRUE_API_TOKENS of ['', '  ']) {
      const env = { ...complete, ...local, RINGTRUE_PUBLIC_URL: url, RINGTRUE_API_TOKENS };
      expect(faultsOf('api', env)).toEqual([fault]);
      expect(faultsOf('worker', env)).toEqual([]);
    }
    expect(faultsOf('dev', { RINGTRUE_PUBLIC_URL: url })).toEqual([fault]);
    expect(faultsOf('dev', { RINGTRUE_PUBLIC_URL: url, RINGTRUE_API_TOKENS: 'secret' })).toEqual([]);
  });

  it.each([
    'http://localhost:3000',
    'http://LOCALHOST:3000',
    'http://localhost.:3000',
    'http://127.0.0.1:3000',
    'http://127.8.8.8/ringtrue',
    'http://[::1]:3000',
    'http://[::ffff:127.0.0.1]:3000',
  ])('no tokens, and the public URL is %s: api and dev start', (url) => {
    const env = { ...complete, ...local, RINGTRUE_PUBLIC_URL: url, RINGTRUE_API_TOKENS: '' };
    expect(faultsOf('api', env)).toEqual([]);
    expect(faultsOf('dev', { RINGTRUE_PUBLIC_URL: url })).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '192.168.1.7', '10.0.0.1', 'db8::1', 'api.example.com', 'localhost.example.com'])(
    'no tokens, and HOST is %s: api and dev refuse',
    (HOST) => {
      const names = /HOST is .* and RINGTRUE_API_TOKENS is missing/;
      const env = { ...complete, ...local, HOST, RINGTRUE_API_TOKENS: '' };
      expect(faultsOf('api', env)).toEqual([expect.stringMatching(names)]);
      expect(faultsOf('dev', { HOST })).toEqual([expect.stringMatching(names)]);
    },
  );

  it.each(['LOCALHOST', 'localhost.', '127.8.8.8', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    'no tokens, and HOST is %s: api and dev start',
    (HOST) => {
      expect(faultsOf('api', { ...complete, ...local, HOST, RINGTRUE_API_TOKENS: '' })).toEqual([]);
      expect(faultsOf('dev', { HOST })).toEqual([]);
    },
  );

  it('dev with half of the credentials: refused, instead of using the simulator', () => {
    expect(faultsOf('dev', { TWILIO_AUTH_TOKEN: 'token' }).map((fault) => fault.split(' ')[0])).toEqual([
      'TWILIO_ACCOUNT_SID',
      'RINGTRUE_PUBLIC_URL',
    ]);
  });

  it.each([
    ['https://api.twilio.com', false],
    ['https://api.dublin.ie1.twilio.com', false],
    ['https://twilio.com.example.com', true],
  ])('no public URL, and requests go to %s: refused only if that is Twilio', (baseUrl, starts) => {
    const env = { ...complete, RINGTRUE_PUBLIC_URL: '', TWILIO_BASE_URL: baseUrl };
    expect(faultsOf('api', env).map((fault) => fault.split(' ')[0])).toEqual(
      starts ? [] : ['RINGTRUE_PUBLIC_URL'],
    );
  });

  it.each(['0', '65536', '99999'])('TEMPORAL_ADDRESS with port %s: refused', (port) => {
    expect(faultsOf('worker', { ...complete, TEMPORAL_ADDRESS: `127.0.0.1:${port}` })).toEqual([
      `TEMPORAL_ADDRESS is "127.0.0.1:${port}"; must be host:port, such as localhost:7233`,
    ]);
  });

  it('the simulator with half of its credentials: only the other half is missing', () => {
    expect(
      faultsOf('simulator', { TWILIO_ACCOUNT_SID: accountSid }).map((fault) => fault.split(' ')[0]),
    ).toEqual(['TWILIO_AUTH_TOKEN']);
  });

  it('PORT=0 and no public URL: the worker refuses, because callbacks could not reach the API', () => {
    const env = { ...complete, RINGTRUE_PUBLIC_URL: '', TWILIO_BASE_URL: 'http://127.0.0.1:3001', PORT: '0' };
    expect(faultsOf('worker', env)).toEqual([
      'RINGTRUE_PUBLIC_URL is missing, and PORT is 0; must be set, so that callbacks find the API',
    ]);
  });
});
