import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDirectory } from '../../src/process/cacheDirectory.js';
import { freePort } from '../../src/process/freePort.js';
import { findTemporalCli } from '../../src/temporal/temporalCli.js';
import { RingtrueProcess, until } from '../support/ringtrueProcess.js';

const exec = promisify(execFile);
const examples = fileURLToPath(new URL('../../docs/examples/', import.meta.url));
/** Outlives the run: what package managers fetch and compile. Nothing is written into the repository. */
const kept = join(process.env.HOME ?? tmpdir(), '.cache', 'ringtrue-examples');
/** The simulator lets it ring, and somebody answers. */
const number = '+15005551200';

let ringtrue: RingtrueProcess;
let cli: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const keepIn = cacheDirectory(join(tmpdir(), 'ringtrue-cache'));
  ({ path: cli } = await findTemporalCli({ env: process.env, cacheDirectory: keepIn, say: () => {} }));
  const ports = await Promise.all([1, 2, 3, 4].map(() => freePort('127.0.0.1')));
  const [port, temporal, ui, simulator] = ports.map(String) as [string, string, string, string];
  ringtrue = new RingtrueProcess(['dev'], {
    PORT: port,
    RINGTRUE_TEMPORAL_PORT: temporal,
    RINGTRUE_TEMPORAL_UI_PORT: ui,
    RINGTRUE_SIMULATOR_PORT: simulator,
    RINGTRUE_CPS: '50',
    RINGTRUE_CALLS_PER_NUMBER: '0',
    TWILIO_FROM: '+15005550006',
    TEMPORAL_CLI_PATH: cli,
  });
  await ringtrue.prints('Try:');
  env = { ...process.env, TEMPORAL_ADDRESS: `127.0.0.1:${temporal}` };
  await operator('namespace', 'create', '--namespace', 'reminders');
  await operator(
    ...['nexus', 'endpoint', 'create', '--name', 'ringtrue'],
    ...['--target-namespace', 'default', '--target-task-queue', 'outbound-calls'],
  );
});
afterAll(() => ringtrue?.stop());

/** As docs/temporal.md has it. */
async function operator(...args: string[]): Promise<void> {
  await exec(cli, ['operator', ...args, '--address', env.TEMPORAL_ADDRESS ?? ''], { env });
}

/** A copy of the example, in which it is built and run. */
function copyOf(language: string): string {
  const directory = join(kept, language);
  mkdirSync(directory, { recursive: true });
  cpSync(join(examples, language), directory, { recursive: true });
  return directory;
}

async function run(
  cwd: string,
  program: string,
  args: string[],
  more: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await exec(program, args, { cwd, env: { ...env, ...more } }).catch((error) => {
    if (error.code === 'ENOENT') throw new Error(`${program} is missing: install it to run this example.`);
    throw new Error(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}

/** The Python of a virtual environment with the requirements of the examples. */
async function python(): Promise<{ cwd: string; program: string }> {
  const cwd = copyOf('python');
  const program = join(cwd, 'venv', 'bin', 'python');
  if (!existsSync(program)) await run(cwd, 'python3', ['-m', 'venv', 'venv']);
  await run(cwd, program, ['-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt']);
  return { cwd, program };
}

const typescript = (file: string, args: string[], more: Record<string, string> = {}) =>
  run(join(examples, 'typescript'), process.execPath, ['--import', 'tsx', file, ...args], more);

/** Each prints the same lines about a call that it placed, and about one that it canceled. */
const programs: [language: string, run: (callId: string) => Promise<string>][] = [
  [
    'Python',
    async (callId) => {
      const { cwd, program } = await python();
      return run(cwd, program, ['call.py', callId, number]);
    },
  ],
  [
    'Go',
    (callId) => {
      const caches = {
        GOPATH: join(kept, 'go-path'),
        GOCACHE: join(kept, 'go-cache'),
        GOFLAGS: '-modcacherw',
      };
      return run(copyOf('go'), 'go', ['run', '.', callId, number], caches);
    },
  ],
  [
    'Java',
    async (callId) => {
      const cwd = copyOf('java');
      await run(cwd, 'mvn', ['-q', '-B', 'compile', 'dependency:copy-dependencies']);
      return run(cwd, 'java', ['-cp', 'target/classes:target/dependency/*', 'Call', callId, number]);
    },
  ],
  ['TypeScript', (callId) => typescript('call.ts', [callId, number])],
];

describe('docs/examples', () => {
  it.each(programs)(
    '%s: places a call, queries it, reschedules it, cancels another one',
    async (language, example) => {
      const callId = `order-${language}-${randomUUID()}`;
      expect((await example(callId)).trim().split('\n')).toEqual([
        `${callId} waiting`,
        `${callId} answered webhook`,
        expect.stringMatching(new RegExp(`^${callId}-canceled canceled .*no table left`)),
      ]);
    },
  );

  it('TypeScript: a call as a child workflow', async () => {
    const booking = { id: `booking-${randomUUID()}`, number };
    expect(await typescript('worker.ts', ['confirmBooking', JSON.stringify(booking)])).toContain('confirmed');
  });

  it('TypeScript, over Nexus from another namespace: the outcome, and the state', async () => {
    const callId = `reminder-${randomUUID()}`;
    const printed = await typescript('worker.ts', ['remind', callId, number], {
      TEMPORAL_NAMESPACE: 'reminders',
    });
    expect(printed).toContain(`${callId} answered done`);
  });

  it('Python, over Nexus from another namespace: the outcome, and the state', async () => {
    const { cwd, program } = await python();
    const callId = `reminder-${randomUUID()}`;
    let printed = '';
    // The new namespace is known to the whole server after some seconds.
    await until(async () => {
      printed = await run(cwd, program, ['nexus_caller.py', callId, number]).catch((error) => {
        if (/not found/i.test(error.message)) return '';
        throw error;
      });
      return printed !== '';
    });
    expect(printed).toContain(`${callId} answered done`);
  });
});
