import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  apiConfiguration,
  demoEnvironment,
  devConfiguration,
  setupConfiguration,
  simulatorConfiguration,
  workerConfiguration,
} from '../../src/config/configuration.js';
import { ConfigurationError } from '../../src/config/configurationReader.js';
import { environment } from '../../src/config/environment.js';

const accountSid = `AC${'1'.repeat(32)}`;
const apiKey = `SK${'2'.repeat(32)}`;
/** What `api` and `worker` cannot do without. */
const complete = {
  TWILIO_ACCOUNT_SID: accountSid,
  TWILIO_AUTH_TOKEN: 'the-token',
  RINGTRUE_PUBLIC_URL: 'https://calls.example.com',
  RINGTRUE_API_TOKENS: 'the-api-token',
  DATABASE_URL: 'postgres://ringtrue:very-secret@db.example.com:5432/ringtrue',
};
/** The simulator on this machine stands in for Twilio. */
const local = { TWILIO_BASE_URL: 'http://127.0.0.1:3001', RINGTRUE_PUBLIC_URL: 'http://localhost:3000' };

const readers = {
  api: apiConfiguration,
  worker: workerConfiguration,
  dev: devConfiguration,
  setup: setupConfiguration,
  simulator: simulatorConfiguration,
};

function faultsOf(role: keyof typeof readers, env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readers[role](env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

function file(content: string): string {
  const path = join(tmpdir(), `ringtrue-policies-${process.pid}-${Math.random()}.json`);
  writeFileSync(path, content);
  return path;
}

describe('one variable is wrong: one fault, which names it and says what is right', () => {
  it.each([
    ['PORT', '80a', 'PORT is "80a"; must be a whole number 0..65535 (0: any free port)'],
    ['PORT', '65536', 'PORT is "65536"; must be a whole number 0..65535 (0: any free port)'],
    ['PORT', '-1', 'PORT is "-1"; must be a whole number 0..65535 (0: any free port)'],
    ['PORT', '0x10', 'PORT is "0x10"; must be a whole number 0..65535 (0: any free port)'],
    [
      'RINGTRUE_WORKER_PORT',
      '9.5',
      'RINGTRUE_WORKER_PORT is "9.5"; must be a whole number 0..65535 (0: any free port)',
    ],
    ['HOST', 'a host', 'HOST is "a host"; must be a host name or IP address, such as 127.0.0.1'],
    ['RINGTRUE_CPS', '0', 'RINGTRUE_CPS is "0"; must be a number 0.01..1000'],
    ['RINGTRUE_CPS', '1e3', 'RINGTRUE_CPS is "1e3"; must be a number 0.01..1000'],
    [
      'RINGTRUE_CALLS_IN_FLIGHT',
      '-1',
      'RINGTRUE_CALLS_IN_FLIGHT is "-1"; must be a whole number 0..1000000 of calls (0: any number)',
    ],
    [
      'RINGTRUE_CALLS_PER_NUMBER',
      'one',
      'RINGTRUE_CALLS_PER_NUMBER is "one"; must be a whole number 0..1000000 of calls (0: any number)',
    ],
    [
      'RINGTRUE_CONTACTS_PER_NUMBER',
      '3',
      'RINGTRUE_CONTACTS_PER_NUMBER is "3"; must be calls/seconds, 1..1000 calls within 1..31622400 seconds, such as 3/86400',
    ],
    [
      'RINGTRUE_CONTACTS_PER_NUMBER',
      '0/60',
      'RINGTRUE_CONTACTS_PER_NUMBER is "0/60"; must be calls/seconds, 1..1000 calls within 1..31622400 seconds, such as 3/86400',
    ],
    [
      'RINGTRUE_CALLBACK_WAIT_SECONDS',
      '0',
      'RINGTRUE_CALLBACK_WAIT_SECONDS is "0"; must be a whole number 1..86400 of seconds',
    ],
    [
      'RINGTRUE_POLL_INTERVAL_SECONDS',
      '1m',
      'RINGTRUE_POLL_INTERVAL_SECONDS is "1m"; must be a whole number 1..3600 of seconds',
    ],
    [
      'RINGTRUE_DECIDE_WITHIN_SECONDS',
      '604801',
      'RINGTRUE_DECIDE_WITHIN_SECONDS is "604801"; must be a whole number 1..604800 of seconds',
    ],
    [
      'RINGTRUE_ABSENT_AFTER_SECONDS',
      'soon',
      'RINGTRUE_ABSENT_AFTER_SECONDS is "soon"; must be a whole number 1..86400 of seconds',
    ],
    [
      'RINGTRUE_CALLING_WINDOW',
      '08:00-21:00',
      'RINGTRUE_CALLING_WINDOW is "08:00-21:00", which is not JSON; must be a calling window, such as {"start":"08:00","end":"21:00"}',
    ],
    [
      'RINGTRUE_CALLING_WINDOW',
      '8',
      'RINGTRUE_CALLING_WINDOW is 8; must be an object with start and end, or with ranges',
    ],
    [
      'RINGTRUE_CALLING_WINDOW',
      '{"ranges":[{"start":"8:00","end":"21:00"}]}',
      'RINGTRUE_CALLING_WINDOW is not right: ranges.0.start is "8:00"; must be a local time HH:MM, 00:00..23:59',
    ],
    [
      'RINGTRUE_ELIGIBILITY_URL',
      'https://user:hidden@crm.example.com',
      'RINGTRUE_ELIGIBILITY_URL is set, but not right; must be an http(s) URL without user name and password, such as https://crm.example.com/eligible',
    ],
    ['RINGTRUE_PROGRESS', 'quiet', 'RINGTRUE_PROGRESS is "quiet"; must be signal or store'],
    ['RINGTRUE_DO_NOT_CALL_OPT_OUTS', 'yes', 'RINGTRUE_DO_NOT_CALL_OPT_OUTS is "yes"; must be true or false'],
    [
      'TWILIO_ACCOUNT_SID',
      'AC12',
      'TWILIO_ACCOUNT_SID is "AC12"; must be an account SID: AC and 32 hex digits',
    ],
    [
      'TWILIO_AUTH_TOKEN',
      'two words',
      'TWILIO_AUTH_TOKEN is set, but not right; must be an auth token, without spaces',
    ],
    [
      'TWILIO_FROM',
      '0049301234',
      'TWILIO_FROM is "0049301234"; must be a phone number in E.164: + and 2 to 15 digits, such as +15005550006',
    ],
    [
      'TWILIO_BASE_URL',
      'https://user:password@example.com',
      'TWILIO_BASE_URL is set, but not right; must be an http(s) URL without user name, password and query',
    ],
    [
      'TWILIO_AUTH_TOKEN',
      '"11112222333344445555666677778888',
      'TWILIO_AUTH_TOKEN is set, but not right; must be an auth token, without spaces',
    ],
    [
      'TWILIO_BASE_URL',
      'ftp://example.com',
      'TWILIO_BASE_URL is "ftp://example.com"; must be an http(s) URL without user name, password and query',
    ],
    [
      'RINGTRUE_PUBLIC_URL',
      'calls.example.com',
      'RINGTRUE_PUBLIC_URL is "calls.example.com"; must be an http(s) URL without user name, password and query, under which Twilio reaches the API, such as https://calls.example.com, or none',
    ],
    [
      'RINGTRUE_API_TOKENS',
      'good,not good',
      'RINGTRUE_API_TOKENS has no usable token in entry 2; must be letters, digits and -._~+/=',
    ],
    [
      'DATABASE_URL',
      'mysql://root:hidden@db/x',
      'DATABASE_URL is set, but not right; must be a URL of PostgreSQL: postgres://user:password@host:5432/database',
    ],
    [
      'RINGTRUE_LOG_LEVEL',
      'loud',
      'RINGTRUE_LOG_LEVEL is "loud"; must be one of trace, debug, info, warn, error, fatal',
    ],
    [
      'TEMPORAL_ADDRESS',
      'http://temporal',
      'TEMPORAL_ADDRESS is "http://temporal"; must be host:port, such as localhost:7233',
    ],
    ['TEMPORAL_TLS', 'maybe', 'TEMPORAL_TLS is "maybe"; must be true or false'],
    [
      'TEMPORAL_PROFILE',
      'nowhere',
      "Temporal's configuration (TEMPORAL_…) cannot be used: Profile 'nowhere' not found in config data",
    ],
  ])('%s=%s', (name, value, fault) => {
    expect(faultsOf('api', { ...complete, [name]: value })).toEqual([fault]);
  });

  it.each([
    ['RINGTRUE_TEMPORAL_PORT', '0', 'RINGTRUE_TEMPORAL_PORT is "0"; must be a whole number 1..65535'],
    [
      'RINGTRUE_TEMPORAL_UI_PORT',
      '7233',
      'RINGTRUE_TEMPORAL_PORT and RINGTRUE_TEMPORAL_UI_PORT are both 7233; must differ',
    ],
    [
      'RINGTRUE_SIMULATOR_PORT',
      'x',
      'RINGTRUE_SIMULATOR_PORT is "x"; must be a whole number 0..65535 (0: any free port)',
    ],
  ])('dev: %s=%s', (name, value, fault) => {
    expect(faultsOf('dev', { [name]: value })).toEqual([fault]);
  });
});

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

describe('names and values that other programs set', () => {
  it.each([
    ['RINGTRUE_CALLING_WINDOWS', 'RINGTRUE_CALLING_WINDOW'],
    ['RINGTRUE_CPSS', 'RINGTRUE_CPS'],
    ['RINGTRUE_CALL_PER_NUMBER', 'RINGTRUE_CALLS_PER_NUMBER'],
    ['RINGTRUE_SUPPRESS_OPT_OUTS', 'RINGTRUE_DO_NOT_CALL_OPT_OUTS'],
  ])('%s is unknown: a fault that names %s, for every process', (name, nearest) => {
    for (const role of Object.keys(readers) as (keyof typeof readers)[])
      expect(faultsOf(role, { ...complete, [name]: '1' })).toEqual([
        `${name} is unknown; the nearest known name is ${nearest}`,
      ]);
  });

  it('a name that only begins like ours: no fault', () => {
    expect(faultsOf('api', { ...complete, RINGTRUEX: '1', RINGTRUE: '1' })).toEqual([]);
  });

  const service = {
    RINGTRUE_WORKER_SERVICE_HOST: '10.96.0.12',
    RINGTRUE_WORKER_SERVICE_PORT: '3100',
    RINGTRUE_WORKER_SERVICE_PORT_HEALTH: '3100',
    RINGTRUE_WORKER_PORT: 'tcp://10.96.0.12:3100',
    RINGTRUE_WORKER_PORT_3100_TCP: 'tcp://10.96.0.12:3100',
    RINGTRUE_WORKER_PORT_3100_TCP_PROTO: 'tcp',
    RINGTRUE_WORKER_PORT_3100_TCP_PORT: '3100',
    RINGTRUE_WORKER_PORT_3100_TCP_ADDR: '10.96.0.12',
    RINGTRUE_SERVICE_HOST: '10.96.0.13',
    RINGTRUE_PORT: 'tcp://[fd00::1]:3000',
    RINGTRUE_PORT_53_UDP: 'udp://10.96.0.13:53',
    RINGTRUE_API_NAME: '/worker/ringtrue-api',
    RINGTRUE_API_ENV_NODE_VERSION: '20',
    RINGTRUE_SIMULATOR_PORT: 'tcp://10.96.0.14:3001',
    RINGTRUE_TEMPORAL_UI_PORT: 'tcp://10.96.0.15:8233',
  };

  it('service variables of Kubernetes: every process ignores them', () => {
    for (const role of Object.keys(readers) as (keyof typeof readers)[])
      expect(faultsOf(role, { ...complete, ...service })).toEqual([]);
    expect(workerConfiguration({ ...complete, ...service }).workerPort).toBeNull();
    expect(demoEnvironment(service).left).toEqual([]);
  });

  it.each(['tcp://', 'tcp://10.96.0.12', 'tcp:3100', 'http://10.96.0.12:3100'])(
    'RINGTRUE_WORKER_PORT=%s, which is not the address of a Service: a fault',
    (value) => {
      expect(faultsOf('worker', { ...complete, RINGTRUE_WORKER_PORT: value })).toEqual([
        `RINGTRUE_WORKER_PORT is "${value}"; must be a whole number 0..65535 (0: any free port)`,
      ]);
    },
  );

  it.each([
    ['TWILIO_AUTH_TOKEN', '"11112222333344445555666677778888"'],
    ['DATABASE_URL', "'postgres://ringtrue:secret@db:5432/ringtrue'"],
    ['TEMPORAL_ADDRESS', '"temporal:7233"'],
    ['PORT', '"3000"'],
  ])('%s has quotes around its value: one fault, which does not repeat the value', (name, value) => {
    expect(faultsOf('api', { ...complete, [name]: value })).toEqual([
      `${name} has quotes around its value; must be set without the quotes`,
    ]);
  });

  it.each(['api', 'dev'] as const)('%s, and conda has set HOST: says so', (role) => {
    const env = { ...complete, HOST: 'x86_64-conda-linux-gnu', RINGTRUE_API_TOKENS: '' };
    expect(faultsOf(role, env).join('\n')).toContain('Conda and some shells set HOST: then unset it');
  });

  it('a socket directory instead of a host: accepted, and its password is a secret', () => {
    const DATABASE_URL =
      'postgres://ringtrue:s%40cret@/ringtrue?host=/cloudsql/project:europe-west1:instance';
    const configuration = apiConfiguration({ ...complete, DATABASE_URL });
    expect(configuration.databaseUrl).toBe(DATABASE_URL);
    expect(configuration.secrets).toEqual(expect.arrayContaining(['s%40cret', 's@cret']));
  });

  it.each([
    ['http://localhost:3000', 'Twilio cannot reach a local name'],
    ['http://api:3000', 'Twilio cannot reach a local name'],
    ['http://calls.lan', 'Twilio cannot reach a local name'],
    ['https://calls.home.arpa', 'Twilio cannot reach a local name'],
    ['https://calls..example.com', 'it has an empty label'],
    ['http://127.0.0.1:3000', 'Twilio cannot reach a private address'],
    ['http://[::1]:3000', 'Twilio cannot reach a private address'],
    ['https://10.0.0.5', 'Twilio cannot reach a private address'],
    ['https://my_tunnel.example.com', 'Twilio refuses host names with an underscore'],
  ])('real Twilio, and the public URL is %s: refused', (url, why) => {
    for (const role of ['api', 'worker'] as const)
      expect(faultsOf(role, { ...complete, RINGTRUE_PUBLIC_URL: url })).toEqual([
        `RINGTRUE_PUBLIC_URL is ${url}, and ${why}; must be the URL under which Twilio reaches the API, such as https://calls.example.com (or none: then there are no callbacks, and every call is decided by polling)`,
      ]);
    const simulated = { ...complete, RINGTRUE_PUBLIC_URL: url, TWILIO_BASE_URL: 'http://127.0.0.1:3001' };
    expect(faultsOf('worker', simulated)).toEqual([]);
  });

  it('real Twilio without a public URL: a fault that offers none, which is accepted', () => {
    const { RINGTRUE_PUBLIC_URL: _, RINGTRUE_API_TOKENS: _tokens, ...without } = complete;
    for (const role of ['api', 'worker', 'dev'] as const) {
      expect(faultsOf(role, without)).toEqual([
        'RINGTRUE_PUBLIC_URL is missing; must be the URL under which Twilio reaches the API, such as https://calls.example.com (or none: then there are no callbacks, and every call is decided by polling)',
      ]);
      expect(faultsOf(role, { ...without, RINGTRUE_PUBLIC_URL: 'none' })).toEqual([]);
    }
    const env = { ...without, RINGTRUE_PUBLIC_URL: 'none', PORT: '0' };
    expect(workerConfiguration(env).activities.publicUrl).toBeNull();
    expect(apiConfiguration(env)).toMatchObject({ publicUrl: null, callbacks: false });
    expect(apiConfiguration(complete)).toMatchObject({ callbacks: true });
  });

  it('HOST is not an address, as conda exports it: the demo ignores it', () => {
    expect(demoEnvironment({ HOST: 'x86_64-conda-linux-gnu' })).toEqual({ env: {}, left: ['HOST'] });
    for (const HOST of ['0.0.0.0', '::1', 'localhost'])
      expect(demoEnvironment({ HOST })).toEqual({ env: { HOST }, left: [] });
  });

  it('a misspelled name in the environment of the demo: kept, so that it is a fault', () => {
    expect(demoEnvironment({ RINGTRUE_CPSS: '1' }).env).toEqual({ RINGTRUE_CPSS: '1' });
  });
});

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

describe('RINGTRUE_API_TOKENS', () => {
  const secret = 'S3cret-0123456789';
  const withTokens = (RINGTRUE_API_TOKENS: string) => ({ ...complete, RINGTRUE_API_TOKENS });

  it('entries with and without name and role: a token without a role is admin, and has its position', () => {
    const { apiTokens, secrets } = apiConfiguration(
      withTokens(
        `web-shop:call:${secret}, short , Änne Müller@x.de:read:another/token==,last:admin:a-third-one`,
      ),
    );
    expect(apiTokens).toEqual([
      { name: 'web-shop', role: 'call', token: secret },
      { name: 'token 1', role: 'admin', token: 'short' },
      { name: 'Änne Müller@x.de', role: 'read', token: 'another/token==' },
      { name: 'last', role: 'admin', token: 'a-third-one' },
    ]);
    expect(secrets).toEqual(expect.arrayContaining([secret, 'short', 'another/token==', 'a-third-one']));
    expect(secrets).not.toContain('web-shop');
  });

  it.each([
    [
      'an unknown role',
      `ann:${secret}:${secret}`,
      ['has an unknown role in entry 1; must be read, call, admin, as in NAME:ROLE:TOKEN'],
    ],
    [
      'a role in capitals',
      `x,ann:Admin:${secret}`,
      ['has an unknown role in entry 2; must be read, call, admin, as in NAME:ROLE:TOKEN'],
    ],
    [
      'an empty role',
      `ann::${secret}`,
      ['has an unknown role in entry 1; must be read, call, admin, as in NAME:ROLE:TOKEN'],
    ],
    [
      'an empty name',
      `:read:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
      ],
    ],
    [
      'a name with other characters',
      `${secret}<b>:read:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
      ],
    ],
    [
      'a name of 65 characters',
      `${'n'.repeat(65)}:read:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
      ],
    ],
    ['an empty token', 'ann:read:', ['has no usable token in entry 1; must be letters, digits and -._~+/=']],
    ['an empty entry', `${secret},`, ['has no usable token in entry 2; must be letters, digits and -._~+/=']],
    [
      'a blank in the token',
      `ann:read:${secret} ${secret}`,
      ['has no usable token in entry 1; must be letters, digits and -._~+/='],
    ],
    [
      'a blank before the token',
      `ann:read: ${secret}`,
      ['has no usable token in entry 1; must be letters, digits and -._~+/='],
    ],
    [
      'a token of 5 characters',
      'ann:read:S3cre',
      [
        'has a token of fewer than 6 characters in entry 1; must be longer, such as from: openssl rand -hex 32',
      ],
    ],
    ['two parts', `ann:${secret}`, ['has 2 parts in entry 1; must be TOKEN or NAME:ROLE:TOKEN']],
    [
      'a colon in the token',
      `ann:read:${secret}:x`,
      ['has 4 parts in entry 1; must be TOKEN or NAME:ROLE:TOKEN'],
    ],
    [
      'two entries with one name',
      `ann:read:${secret},b,ann:call:${secret}2`,
      ['has the same name in entries 1 and 3; must differ, because it says who did something'],
    ],
    [
      'a name that is the position of another entry',
      `${secret},token 0:read:${secret}2`,
      ['has the same name in entries 1 and 2; must differ, because it says who did something'],
    ],
    [
      'two entries with one token',
      `ann:read:${secret},bob:admin:${secret}`,
      ['has the same token in entries 1 and 2; must differ, because it says who sends a request'],
    ],
    [
      'several faults',
      `:x:y y,b,c:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
        'has an unknown role in entry 1; must be read, call, admin, as in NAME:ROLE:TOKEN',
        'has no usable token in entry 1; must be letters, digits and -._~+/=',
        'has 2 parts in entry 3; must be TOKEN or NAME:ROLE:TOKEN',
      ],
    ],
  ])('%s: refused, and no part of an entry is repeated', (_, text, faults) => {
    for (const role of ['api', 'dev'] as const) {
      const found = faultsOf(role, withTokens(text));
      expect(found).toEqual(faults.map((fault) => `RINGTRUE_API_TOKENS ${fault}`));
      expect(found.join()).not.toMatch(/S3cre|ann|nnn/);
    }
  });
});

describe('docs/configuration.md', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const defaultOf = new Map(
    cells.map(([, name, , otherwise]) => [name?.replaceAll('`', ''), otherwise?.replaceAll('`', '')]),
  );

  it('names every variable that is read', () => {
    const documented = cells.flatMap(([, names = '']) => names.match(/[A-Z][A-Z_]+/g) ?? []);
    const others = [
      'TEMPORAL_CLI_PATH',
      'RINGTRUE_API_URL',
      'RINGTRUE_API_TOKEN',
      'PGSSLROOTCERT',
      'HTTPS_PROXY',
      'NO_PROXY',
      'NODE_EXTRA_CA_CERTS',
      'TWILIO_CA_BUNDLE',
    ];
    expect(documented.filter((name) => !/^TEMPORAL_(?!CLI)/.test(name)).sort()).toEqual(
      [...Object.keys(environment.shape), ...others].sort(),
    );
  });

  it('states the defaults in force', () => {
    const { activities, host, taskQueue, temporal } = workerConfiguration(complete);
    const { port, logLevel } = apiConfiguration(complete);
    const dev = devConfiguration({});
    const inForce = {
      RINGTRUE_TASK_QUEUE: taskQueue,
      RINGTRUE_CPS: activities.callsPerSecond,
      RINGTRUE_CALLS_PER_NUMBER: activities.callsPerNumber,
      RINGTRUE_REMEMBER_INVALID_SECONDS: activities.rememberInvalidSeconds,
      RINGTRUE_CALLBACK_WAIT_SECONDS: activities.callbackWaitSeconds,
      RINGTRUE_POLL_INTERVAL_SECONDS: activities.pollIntervalSeconds,
      RINGTRUE_DECIDE_WITHIN_SECONDS: activities.decideWithinSeconds,
      RINGTRUE_ABSENT_AFTER_SECONDS: activities.absentAfterSeconds,
      RINGTRUE_DO_NOT_CALL_OPT_OUTS: activities.doNotCall.addOptOuts,
      PORT: port,
      HOST: host,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      RINGTRUE_LOG_LEVEL: logLevel,
      RINGTRUE_TEMPORAL_PORT: dev.temporalServer?.port,
      RINGTRUE_SIMULATOR_PORT: dev.simulatorPort,
    };
    for (const [name, value] of Object.entries(inForce))
      expect(`${name}: ${defaultOf.get(name)?.split(/[;,]/)[0]}`).toBe(`${name}: ${value}`);
  });
});
