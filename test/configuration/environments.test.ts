import { describe, expect, it } from 'vitest';
import { apiConfiguration, demoEnvironment, workerConfiguration } from '../../src/config/configuration.js';
import { complete, faultsOf, readers } from './faultsOf.js';

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
    ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '"/etc/ssl/temporal.pem"'],
    ['PGSSLROOTCERT', '"/etc/ssl/db.pem"'],
    ['TWILIO_CA_BUNDLE', "'/etc/ssl/proxy.pem'"],
    ['NODE_EXTRA_CA_CERTS', '"/etc/ssl/extra.pem"'],
    ['HTTPS_PROXY', '"http://proxy.internal:3128"'],
    ['https_proxy', "'http://proxy.internal:3128'"],
    ['NO_PROXY', '"api.twilio.com"'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '"http://collector:4318"'],
  ])('%s has quotes around its value: one fault, which does not repeat the value', (name, value) => {
    const DATABASE_URL = `${complete.DATABASE_URL}?sslmode=require`;
    expect(faultsOf('api', { ...complete, DATABASE_URL, [name]: value })).toEqual([
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
