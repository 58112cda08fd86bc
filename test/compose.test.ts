import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  apiConfiguration,
  setupConfiguration,
  simulatorConfiguration,
  workerConfiguration,
} from '../src/config/configuration.js';
import { environment } from '../src/config/environment.js';
import { searchAttributeFlags } from '../src/temporal/searchAttributes.js';
import {
  type ComposeFile,
  type ComposeService,
  environmentOf,
  interpolate,
  readComposeFile,
  readEnvFile,
  readText,
  requiredVariables,
  root,
} from './support/composeFile.js';

const simulated = readEnvFile('docker/simulator.env');
const image = 'ringtrue:0.1.0';
const ofTemporal = /^TEMPORAL_(ADDRESS|NAMESPACE|API_KEY|TLS(_[A-Z_]+)?|PROFILE|CONFIG_FILE)$/;
const secret = /PASSWORD|PWD|TOKEN|SECRET|_KEY$|DATABASE_URL/;
/** A variable without a default, or a URL with such a variable as its password. */
const fromOutside = /^(postgres:\/\/\w+:)?\$\{[A-Z_]+:(\?[^}]*|-)\}(@[\w:/]+)?$/;

type Rule = (service: ComposeService, compose: ComposeFile) => string[];
const isOurs = (service: ComposeService) => service.image === image;
const isOneShot = (service: ComposeService) => /^on-failure/.test(service.restart ?? '');
const variables = (service: ComposeService) => Object.entries(service.environment ?? {});

/** Mistakes that the schema of Compose allows. */
const rules: Record<string, Rule> = {
  'depends on what exists': ({ depends_on = {} }, { services }) =>
    Object.keys(depends_on).filter((name) => services[name] === undefined),
  'waits for a state that the other service reaches': ({ depends_on = {} }, { services }) =>
    Object.entries(depends_on)
      .filter(([name, { condition }]) => {
        const other = services[name];
        if (other === undefined) return false;
        return condition === 'service_healthy' ? !other.healthcheck : !isOneShot(other);
      })
      .map(([name, { condition }]) => `${name}: ${condition}`),
  'depends only on services of its own profiles': ({ depends_on = {}, profiles = [] }, { services }) =>
    Object.keys(depends_on).filter((name) =>
      services[name]?.profiles?.some((profile) => !profiles.includes(profile)),
    ),
  'has an image with a fixed version': ({ image: name = '' }) =>
    /:\d+\.\d+[\w.-]*$/.test(name) ? [] : [name],
  'runs an image that a service builds': (service, { services }) =>
    isOurs(service) && !Object.values(services).some((other) => isOurs(other) && other.build) ? [image] : [],
  'restarts, or ends once with success': ({ restart = 'never' }) =>
    /^(unless-stopped|on-failure:\d+)$/.test(restart) ? [] : [restart],
  'has a health check while it runs': (service) =>
    isOneShot(service) || service.healthcheck ? [] : ['no healthcheck'],
  'can be reached only from this machine': ({ ports = [] }) =>
    ports.filter((port) => !port.startsWith('127.0.0.1:')),
  'can run several times if it is a worker': ({ command = [], ports, container_name }) =>
    command[0] === 'worker' ? [...(ports ?? []), ...(container_name ? [container_name] : [])] : [],
  'has no secret in the file': (service) =>
    variables(service)
      .filter(([name, value]) => secret.test(name) && !fromOutside.test(value))
      .map(([name]) => name),
  'has only variables that ringtrue knows': (service) =>
    isOurs(service)
      ? variables(service)
          .map(([name]) => name)
          .filter((name) => !(name in environment.shape) && !ofTemporal.test(name))
      : [],
  'has its health check at the port where it listens': (service) => {
    const port = /127\.0\.0\.1:(\d+)/.exec(service.healthcheck?.test.join(' ') ?? '')?.[1];
    const process = service.command?.[0] ?? '';
    const variable = { api: 'PORT', worker: 'RINGTRUE_WORKER_PORT', simulator: 'RINGTRUE_SIMULATOR_PORT' }[
      process
    ];
    if (!isOurs(service) || variable === undefined) return [];
    return service.environment?.[variable] === port ? [] : [`${variable} and port ${port}`];
  },
  'mounts files that exist': ({ volumes = [] }, compose) =>
    volumes
      .map((volume) => volume.split(':')[0] as string)
      .filter((from) =>
        from.startsWith('.') ? !existsSync(join(root, from)) : !(from in (compose.volumes ?? {})),
      ),
  'names only hosts that are services': (service, { services }) =>
    variables(service).flatMap(([name, value]) =>
      [...withSimulator(value).matchAll(/(?:^|\/\/|@)([a-z][\w-]*):\d+/g)]
        .map(([, host = '']) => host)
        .filter((host) => !(host in services))
        .map((host) => `${name}: ${host}`),
    ),
};

const withSimulator = (value: string) => interpolate(value, simulated);

function faultsOf(compose: ComposeFile): string[] {
  return Object.entries(compose.services).flatMap(([name, service]) =>
    Object.entries(rules).flatMap(([rule, faults]) =>
      faults(service, compose).map((fault) => `${name} ${rule}: ${fault}`),
    ),
  );
}

/** The file with one mistake. */
function broken(
  spoil: (services: Record<string, ComposeService & Record<string, unknown>>) => void,
): ComposeFile {
  const compose = structuredClone(readComposeFile());
  spoil(compose.services as Record<string, ComposeService & Record<string, unknown>>);
  return compose;
}

const compose = readComposeFile();

describe('docker-compose.yml', () => {
  it('every service: has none of these mistakes', () => {
    expect(faultsOf(compose)).toEqual([]);
  });

  it.each<[string, string, Parameters<typeof broken>[0]]>([
    ['depends on what exists', 'api', ({ api }) => Object.assign(api?.depends_on ?? {}, { cache: {} })],
    [
      'waits for a state that the other service reaches',
      'temporal-schema',
      ({ postgres }) => delete postgres?.healthcheck,
    ],
    [
      'waits for a state that the other service reaches',
      'api',
      ({ setup }) => Object.assign(setup ?? {}, { restart: 'always' }),
    ],
    [
      'depends only on services of its own profiles',
      'worker',
      ({ worker }) =>
        Object.assign(worker?.depends_on ?? {}, { simulator: { condition: 'service_healthy' } }),
    ],
    [
      'has an image with a fixed version',
      'postgres',
      (all) => Object.assign(all.postgres ?? {}, { image: 'postgres' }),
    ],
    [
      'has an image with a fixed version',
      'temporal',
      (all) => Object.assign(all.temporal ?? {}, { image: 'a/b:latest' }),
    ],
    ['runs an image that a service builds', 'worker', ({ setup }) => delete setup?.build],
    ['restarts, or ends once with success', 'api', ({ api }) => delete api?.restart],
    ['has a health check while it runs', 'worker', ({ worker }) => delete worker?.healthcheck],
    ['can be reached only from this machine', 'api', ({ api }) => api?.ports?.push('3000:3000')],
    [
      'can run several times if it is a worker',
      'worker',
      ({ worker }) => Object.assign(worker ?? {}, { ports: ['127.0.0.1:3100:3100'] }),
    ],
    [
      'has no secret in the file',
      'api',
      ({ api }) => Object.assign(api?.environment ?? {}, { TWILIO_AUTH_TOKEN: 'x' }),
    ],
    [
      'has no secret in the file',
      'worker',
      ({ worker }) =>
        Object.assign(worker?.environment ?? {}, {
          DATABASE_URL: 'postgres://ringtrue:ringtrue@postgres:5432/ringtrue',
        }),
    ],
    [
      'has only variables that ringtrue knows',
      'worker',
      ({ worker }) => Object.assign(worker?.environment ?? {}, { RINGTRUE_CALLS_PER_SECOND: '1' }),
    ],
    [
      'has its health check at the port where it listens',
      'worker',
      ({ worker }) => Object.assign(worker?.environment ?? {}, { RINGTRUE_WORKER_PORT: '9100' }),
    ],
    ['mounts files that exist', 'postgres', ({ postgres }) => postgres?.volumes?.push('./docker/none:/none')],
    ['mounts files that exist', 'postgres', ({ postgres }) => postgres?.volumes?.push('data:/data')],
    [
      'names only hosts that are services',
      'api',
      ({ api }) => Object.assign(api?.environment ?? {}, { TEMPORAL_ADDRESS: 'temporl:7233' }),
    ],
  ])('a service that breaks "%s": found', (rule, service, spoil) => {
    expect(faultsOf(broken(spoil))).toContainEqual(expect.stringContaining(`${service} ${rule}: `));
  });

  it.each([
    ['api', apiConfiguration],
    ['worker', workerConfiguration],
    ['simulator', simulatorConfiguration],
    ['setup', setupConfiguration],
  ] as const)('%s with the simulator: accepts its configuration', (command, configuration) => {
    const service = compose.services[command] as ComposeService;
    expect(service.command).toEqual([command]);
    expect(() => configuration(environmentOf(service, simulated))).not.toThrow();
  });

  it('all services with the simulator: have the addresses and credentials of each other', () => {
    const [api, worker, simulator] = ['api', 'worker', 'simulator'].map((name) =>
      environmentOf(compose.services[name] as ComposeService, simulated),
    );
    expect(worker?.RINGTRUE_PUBLIC_URL).toBe(`http://api:${api?.PORT}`);
    expect(api?.RINGTRUE_PUBLIC_URL).toBe(worker?.RINGTRUE_PUBLIC_URL);
    expect(worker?.TWILIO_BASE_URL).toBe(`http://simulator:${simulator?.RINGTRUE_SIMULATOR_PORT}`);
    for (const name of ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'])
      expect([api?.[name], worker?.[name]]).toEqual([simulator?.[name], simulator?.[name]]);
  });

  it('a variable that Compose requires: is in .env.example without a value', () => {
    const required = requiredVariables(readText('docker-compose.yml'));
    const example = readEnvFile('.env.example');
    expect(required.length).toBeGreaterThan(5);
    expect(required.map((name) => [name, example[name]])).toEqual(required.map((name) => [name, '']));
    expect(() => environmentOf(compose.services.api as ComposeService, example)).toThrow(/is missing/);
  });

  it('a variable of ringtrue: can be set for the stack, or is listed as an exception', () => {
    const ofDev = ['RINGTRUE_DATA_DIR', 'RINGTRUE_TEMPORAL_PORT', 'RINGTRUE_TEMPORAL_UI_PORT'];
    const aFile = ['RINGTRUE_POLICIES', 'RINGTRUE_ACCOUNTS'];
    const declared = Object.values(compose.services).filter(isOurs).flatMap(variables);
    const names = new Set([...declared.map(([name]) => name), ...ofDev, ...aFile]);
    expect(Object.keys(environment.shape).filter((name) => !names.has(name))).toEqual([]);
  });

  it('a worker: gets more time to stop than it needs', () => {
    const grace = /shutdownGraceTime: '(\d+)s'/.exec(readText('src/worker/startWorker.ts'))?.[1];
    expect(Number(grace)).toBeGreaterThan(0);
    expect(Number.parseInt(compose.services.worker?.stop_grace_period ?? '', 10)).toBeGreaterThan(
      Number(grace) + 10,
    );
  });
});

describe('Dockerfile', () => {
  const dockerfile = readText('Dockerfile');
  const ignored = readText('.dockerignore').split('\n');

  it('COPY: only from what exists and is not ignored', () => {
    expect(strangeCopies(dockerfile)).toEqual([]);
    expect(strangeCopies('COPY source source')).toEqual(['source']);
    expect(strangeCopies('COPY README.md test ./')).toEqual(['README.md', 'test']);
  });

  it('a command of the stack: is a command of ringtrue', () => {
    expect(dockerfile).toContain('ENTRYPOINT ["node", "bin/ringtrue.js"]');
    const help = execFileSync(process.execPath, ['bin/ringtrue.js', '--help'], {
      cwd: root,
      encoding: 'utf8',
    });
    const commands = Object.values(compose.services)
      .filter(isOurs)
      .map(({ command }) => command?.[0] ?? '');
    expect(commands.length).toBeGreaterThan(3);
    expect(commands.filter((command) => !new RegExp(`^ +${command} `, 'm').test(help))).toEqual([]);
  });

  it('its user: a number that is not 0, so that Kubernetes can verify runAsNonRoot', () => {
    expect(dockerfile.match(/^USER .*/gm)).toEqual([expect.stringMatching(/^USER [1-9]\d*:[1-9]\d*$/)]);
  });

  it('a base image: has a fixed version', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, name = '']) => name);
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name = '']) => name);
    expect(bases.filter((name) => !stages.includes(name))).toEqual([
      expect.stringMatching(/^node:\d+\.\d+\.\d+-\w+-slim$/),
    ]);
  });

  /** Sources of COPY that do not exist in the build context, or that `.dockerignore` leaves out. */
  function strangeCopies(text: string): string[] {
    const sources = [...text.matchAll(/^COPY (?!--from)(.*)$/gm)].flatMap(([, all = '']) =>
      all.split(' ').slice(0, -1),
    );
    return sources.filter((source) => !existsSync(join(root, source)) || !ignored.includes(`!${source}`));
  }
});

describe('docs/deployment.md', () => {
  it('search attributes to register by hand: those that `ringtrue setup` registers', () => {
    const lines = readText('docs/deployment.md').match(
      /(?<=^temporal operator search-attribute create --namespace default --name ).*/gm,
    );
    expect(lines).toEqual(searchAttributeFlags.map((flag) => flag.replace('=', ' --type ')));
  });
});
