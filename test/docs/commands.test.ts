import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { environment, type VariableName } from '../../src/config/environment.js';
import { freePort } from '../../src/process/freePort.js';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { RingtrueProcess, until } from '../support/ringtrueProcess.js';
import { allBlocks, allPages, type Block, type Page, root } from './pages.js';
import { commandsOf } from './shell.js';

const run = promisify(execFile);
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const twiml = '<Response><Say>Hello</Say></Response>';

interface Fixture {
  api: string;
  simulator: string;
  /** Working directory of the commands, with the files that they name. */
  directory: string;
  env: NodeJS.ProcessEnv;
  callId: string;
  batchId: string;
  deadLetterId: string;
}

const fixture = {} as Fixture;
let ringtrue: RingtrueProcess;
let gone: Server;

beforeAll(async () => {
  // A receiver that wants no notifications: each becomes a dead letter at once.
  gone = createServer((_, response) => response.writeHead(410).end()).listen(0, '127.0.0.1');
  const ports = await Promise.all([1, 2, 3, 4].map(() => freePort('127.0.0.1')));
  const [port, temporal, ui, simulator] = ports.map(String) as [string, string, string, string];
  ringtrue = new RingtrueProcess(['dev'], {
    PORT: port,
    RINGTRUE_TEMPORAL_PORT: temporal,
    RINGTRUE_TEMPORAL_UI_PORT: ui,
    RINGTRUE_SIMULATOR_PORT: simulator,
    RINGTRUE_CPS: '50',
    // Examples of different pages call the same number.
    RINGTRUE_CALLS_PER_NUMBER: '0',
    TEMPORAL_CLI_PATH: inject('temporalCliPath'),
  });
  await ringtrue.prints('Try:');
  fixture.api = `http://localhost:${port}`;
  fixture.simulator = `http://127.0.0.1:${simulator}`;
  fixture.directory = workingDirectory();
  fixture.env = {
    ...process.env,
    // As of the process, for the doctor.
    PORT: port,
    RINGTRUE_TEMPORAL_PORT: temporal,
    RINGTRUE_TEMPORAL_UI_PORT: ui,
    RINGTRUE_SIMULATOR_PORT: simulator,
    PATH: `${join(fixture.directory, 'bin')}:${process.env.PATH}`,
    RINGTRUE_API_URL: fixture.api,
  };
  const { port: receiver } = gone.address() as AddressInfo;
  const call = await post<{ callId: string }>('/calls', {
    to: '+15005552486',
    twiml,
    notifyUrl: `http://127.0.0.1:${receiver}/`,
    notifyOn: ['call.ended'],
  });
  // No other example calls this number: a redial leaves out what was called again since.
  const batch = await post<{ batchId: string }>('/batches', {
    defaults: { twiml },
    calls: [{ to: '+15005552600' }],
  });
  fixture.callId = call.callId;
  fixture.batchId = batch.batchId;
  await ended(`${batch.batchId}-1`);
  // Lookup says that there is no such number.
  const invalid = await post<{ callId: string }>('/calls', { to: '+15008100000', twiml });
  await ended(invalid.callId);
  await until(async () => {
    const { deadLetters } = await get<{ deadLetters: { id: string }[] }>('/dead-letters');
    fixture.deadLetterId = deadLetters[0]?.id ?? '';
    return fixture.deadLetterId !== '';
  });
}, 120_000);

afterAll(async () => {
  await ringtrue?.stop();
  gone?.close();
});

/** Files that commands name, from the blocks of the same name, and `ringtrue` as a command. */
function workingDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-docs-'));
  for (const { kind, code } of allBlocks('csv')) writeFileSync(join(directory, kind), code);
  mkdirSync(join(directory, 'bin'));
  symlinkSync(join(root, 'bin', 'ringtrue.js'), join(directory, 'bin', 'ringtrue'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

async function post<T>(path: string, body: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(fixture.api + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(fixture.api + path)).json()) as T;
}

/** Waits until the call is over. */
function ended(callId: string): Promise<void> {
  return until(async () => (await get<{ state?: string }>(`/calls/${callId}?wait=20`)).state === 'done');
}

/** Runs a command as the page has it, on the processes of this test. Fails unless its status is 0. */
async function runAsWritten(command: string): Promise<void> {
  const here = command
    .replaceAll(/http:\/\/(localhost|127\.0\.0\.1):3000/g, fixture.api)
    .replaceAll('CALL_ID', fixture.callId)
    .replaceAll('BATCH_ID', fixture.batchId)
    .replaceAll(/msg_[0-9a-f]{32}/g, fixture.deadLetterId)
    .replace(/^npx ringtrue/, 'ringtrue')
    .replace(/^curl /, 'curl --fail-with-body --silent --show-error ');
  const { directory: cwd, env } = fixture;
  await run('bash', ['-c', here], { cwd, env, timeout: 60_000 });
}

const hasGo = spawnSync('go', ['version']).status === 0;

/** The program of docs/languages.md that has this file name. */
function programOf(name: string): Block {
  const block = allBlocks('ts', 'python', 'go').find(({ kind }) => kind === name);
  if (block === undefined) throw new Error(`docs/languages.md has no program ${name}.`);
  return block;
}

/** The doctor finds one fault in what this test runs: the dead letters. */
async function examine(args: string): Promise<void> {
  const { directory: cwd, env } = fixture;
  const command = `ringtrue doctor ${args.replace(/--json/, '')} --json`;
  const failed: unknown = await run('bash', ['-c', command], { cwd, env, timeout: 60_000 }).catch(
    (error) => error,
  );
  const { code, stdout } = failed as { code: number; stdout: string };
  const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] };
  const faults = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  expect({ code, faults }).toEqual({ code: 1, faults: ['notifications'] });
}

/** What a program prints; once for each question. */
const printed = new Map<string, Promise<string>>();
function help(program: string, ...args: string[]): Promise<string> {
  const key = [program, ...args].join(' ');
  const known = printed.get(key) ?? run(program, args).then(({ stdout }) => stdout);
  printed.set(key, known);
  return known;
}

/** A command of ringtrue that would go on running, or needs other servers: does it exist? */
async function exists(command: string): Promise<void> {
  const commands = await help(process.execPath, join(root, 'bin', 'ringtrue.js'), '--help');
  expect(commands).toMatch(new RegExp(`^ +${command} `, 'm'));
}

async function isScript(name: string, args = ''): Promise<void> {
  expect(Object.keys(scripts)).toContain(name);
  const file = /test\/\S+\.ts/.exec(scripts[name])?.[0];
  const options = args.match(/--[a-z]+/g)?.filter((option) => option !== '--') ?? [];
  const source = file === undefined ? '' : readFileSync(join(root, file), 'utf8');
  expect(options.filter((option) => !source.includes(option.slice(2)))).toEqual([]);
}

/** How each command is checked, by how it begins. Those that are not run say why. */
const ways: [begins: RegExp, check: (rest: string, command: string) => unknown][] = [
  // Goes on running: the simulator of this test is one.
  [/^npx ringtrue (?=(simulator|dev)$)/, exists],
  [/^(npx )?ringtrue doctor\b/, (rest) => examine(rest)],
  [/^(curl|(npx )?ringtrue|node -p) /, (_, command) => runAsWritten(command)],
  // Needs the address of the repository, which a page cannot know.
  [/^git clone REPOSITORY_URL ringtrue && cd ringtrue$/, () => {}],
  // Each takes minutes, or is run by a test of its own (demo, and this very run).
  [/^npm test$/, () => isScript('test')],
  [/^npm run (?=\S)/, (rest) => isScript(...(rest.split(/ (?=--)/) as [string, string?]))],
  // Records histories; `vitest list` would run nothing either.
  [
    /^RINGTRUE_RECORD_HISTORIES=1 npx vitest run (?=\S)/,
    (rest) => expect(join(root, rest.split(' ')[0] ?? '')).toSatisfy(existsSync),
  ],
  // Docker is not everywhere: test/compose.test.ts checks the files.
  [/^cp (?=\S)/, (rest) => expect(join(root, rest.split(' ')[0] ?? '')).toSatisfy(existsSync)],
  [
    /^docker compose /,
    (rest) => {
      const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
      const file = /--env-file (\S+)/.exec(rest)?.[1];
      const profile = /--profile (\S+)/.exec(rest)?.[1];
      if (file !== undefined) expect(join(root, file)).toSatisfy(existsSync);
      if (profile !== undefined) expect(compose).toContain(`profiles: [${profile}]`);
    },
  ],
  [/^docker build /, () => expect(join(root, 'Dockerfile')).toSatisfy(existsSync)],
  [/^docker run .* ringtrue (?=\w+$)/, exists],
  // Needs a cluster: the CLI of this test knows the options.
  [
    /^temporal (?=operator)/,
    async (rest) => {
      const words = rest.split(' ');
      const path = words.slice(
        0,
        words.findIndex((word) => word.startsWith('-')),
      );
      const cli = inject('temporalCliPath');
      const options = `${await help(cli, ...path, '--help')}${await help(cli, 'options')}`;
      expect(words.filter((word) => word.startsWith('--') && !options.includes(word))).toEqual([]);
    },
  ],
  // A line of a .env file.
  [
    /^(?=[A-Z_]+=')/,
    (rest) => {
      const [, name = '', value = ''] = /^([A-Z_]+)='(.*)'$/s.exec(rest) ?? [];
      expect(environment.shape[name as VariableName].safeParse(value).success).toBe(true);
    },
  ],
];

async function check(block: Block): Promise<void> {
  for (const command of commandsOf(block.code)) {
    const way = ways.find(([begins]) => begins.test(command));
    if (way === undefined) throw new Error(`Nothing checks this command: ${command}`);
    await way[1](command.replace(way[0], ''), command);
  }
}

const shellBlocks = allBlocks('sh').map((block) => ({ ...block, where: `${block.page}:${block.line}` }));
/** Sets limits, which would hold up the calls of other pages. */
const isDialing = ({ page }: Block) => page === 'docs/dialing.md';

describe.concurrent('commands of the pages', () => {
  it.each(shellBlocks.filter((block) => !isDialing(block)))(
    '$where: every command does its work',
    check,
    60_000,
  );

  it('README.md: the answer is what the API gives', async () => {
    const [block] = allBlocks('json').filter(({ kind }) => kind === 'answer');
    const shown = JSON.parse(block?.code ?? '');
    const { callId } = await post<{ callId: string }>('/calls', { to: '+15005552486', twiml });
    const answer = await get<{ outcome: { callSid: string } }>(`/calls/${callId}?wait=30`);
    expect(shown.outcome.callSid).toMatch(/^CA[0-9a-f]{32}$/);
    expect(answer).toMatchObject({
      ...shown,
      outcome: { ...shown.outcome, callSid: answer.outcome.callSid },
    });
  }, 120_000);

  it('docs/notifications.md: the receiver takes what is signed, and refuses what is not', async () => {
    const [block] = allBlocks('js').filter(({ page }) => page === 'docs/notifications.md');
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const port = await freePort('127.0.0.1');
    const file = join(fixture.directory, 'receiver.mjs');
    writeFileSync(file, block?.code.replace('port: 4000', `port: ${port}`) ?? '');
    const receiver = execFile(process.execPath, [file], { env: { ...process.env, NOTIFY_SECRET: secret } });
    try {
      const [body, id, at] = [
        JSON.stringify({ type: 'call.ended', data: { callId: 'a' } }),
        'msg_1',
        new Date(),
      ];
      const send = (signature: string) =>
        fetch(`http://127.0.0.1:${port}/hooks/calls`, {
          method: 'POST',
          headers: {
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
            'webhook-signature': signature,
          },
          body,
        });
      await until(() =>
        send('').then(
          () => true,
          () => false,
        ),
      );
      expect((await send(new Webhook(secret).sign(id, at, body))).status).toBe(204);
      expect((await send('v1,AAAA')).status).toBe(401);
    } finally {
      receiver.kill();
    }
  }, 120_000);

  const programs: Record<string, string[]> = {
    'placeCall.ts': [process.execPath, '--import', 'tsx', 'placeCall.mts'],
    'place_call.py': ['python3', 'place_call.py'],
    // Only where Go is installed; the test below holds for its text everywhere.
    ...(hasGo ? { 'place_call.go': ['go', 'run', 'place_call.go'] } : {}),
  };
  it.each(Object.entries(programs))(
    'docs/languages.md: %s places a call, and prints its outcome',
    async (name, [program = '', ...args]) => {
      const block = programOf(name);
      const { directory: cwd, env } = fixture;
      writeFileSync(join(cwd, name.replace(/\.ts$/, '.mts')), block.code);
      const { stdout } = await run(program, args, { cwd, env, timeout: 110_000 });
      expect(stdout.trim()).toBe('answered');
    },
    120_000,
  );

  it('docs/languages.md: every program sends the same request', () => {
    for (const name of ['placeCall.ts', 'place_call.py', 'place_call.go']) {
      const { code } = programOf(name);
      for (const part of [
        '/calls',
        '?wait=50',
        'Idempotency-Key',
        'RINGTRUE_API_URL',
        'Bearer ',
        '+15005551200',
      ])
        expect(code).toContain(part);
      expect(code).toContain('<Response><Say>Hello</Say></Response>');
    }
  });

  it('README.md: each number of the table has the outcome that the table says', async () => {
    const { text } = allPages().find(({ name }) => name === 'README.md') as Page;
    const rows = [...text.matchAll(/^\| `(\+1500\d+)` \| .* \| `([a-z-]+)` \|$/gm)];
    expect(rows.length).toBeGreaterThan(6);
    const ends = rows.map(async ([, to = '']) => {
      const { callId } = await post<{ callId: string }>('/calls', { to, twiml });
      await ended(callId);
      const { outcome } = await get<{ outcome: { outcome: string } }>(`/calls/${callId}`);
      return [to, outcome.outcome];
    });
    expect(await Promise.all(ends)).toEqual(rows.map(([, to, outcome]) => [to, outcome]));
  }, 120_000);

  it("docs/simulator.md: Twilio's client places a call", async () => {
    const [block] = allBlocks('ts').filter(({ page }) => page === 'docs/simulator.md');
    const file = join(fixture.directory, 'client.mjs');
    const { accountSid, authToken } = simulatorCredentials;
    const code = block?.code.replaceAll('http://127.0.0.1:3001', fixture.simulator);
    writeFileSync(
      file,
      `import twilio from 'twilio';\nconst [accountSid, authToken] = ${JSON.stringify([accountSid, authToken])};\n${code}`,
    );
    await run(process.execPath, [file]);
  }, 120_000);

  it('docs/client.md: the program places a call, lists calls, reads faults and starts the simulator', async () => {
    const blocks = allBlocks('ts').filter(({ page }) => page === 'docs/client.md');
    const source = (path: string) => JSON.stringify(join(root, 'src', path));
    const code = blocks
      .map((block) => block.code)
      .join('\n')
      .replaceAll('http://localhost:3000', fixture.api)
      .replaceAll("'ringtrue/client'", source('client/ringtrue.ts'))
      .replaceAll("'ringtrue/testing'", source('testing/startSimulator.ts'));
    const file = join(fixture.directory, 'program.mts');
    writeFileSync(file, code);
    const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: root });
    expect(stdout).toMatch(/^answered null undefined\n[\s\S]*to is "0301234"[\s\S]*TWILIO_BASE_URL/);
  }, 120_000);

  it('docs/policies.md: `policy check` names the faults that the page shows', async () => {
    const [block] = allBlocks('console').filter(({ code }) => code.startsWith('$ ringtrue policy check'));
    const [first = '', ...shown] = block?.code.trimEnd().split('\n') ?? [];
    expect(first).toBe('$ ringtrue policy check faulty.json');
    const eager = { maxAttempts: 200, retryOn: ['busy', 'sip:607'], intervals: { answered: [60] } };
    writeFileSync(join(fixture.directory, 'faulty.json'), JSON.stringify({ eager }));
    const { code, stderr } = (await run('bash', ['-c', first.slice(2)], {
      cwd: fixture.directory,
      env: fixture.env,
    }).catch((failed: { code: number; stderr: string }) => failed)) as { code: number; stderr: string };
    expect({ code, lines: stderr.trimEnd().split('\n') }).toEqual({ code: 2, lines: shown });
  }, 120_000);
});

describe('commands that change limits', () => {
  it.each(shellBlocks.filter(isDialing))('$where: every command does its work', check, 120_000);
});

describe('commands of a block', () => {
  it('lines that belong together are one command, and comments are none', () => {
    expect(commandsOf('# about it\na --b \\\n  c      # why\nd \'{\n  "e": 1\n}\'\n')).toEqual([
      'a --b \\\n  c',
      'd \'{\n  "e": 1\n}\'',
    ]);
  });
});
