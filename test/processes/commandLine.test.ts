import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort, isFree } from '../../src/process/freePort.js';
import { startReceiver } from '../activities/notifyBench.js';
import { RingtrueProcess, unreachableAddress, until } from '../support/ringtrueProcess.js';
import { TerminalProcess } from '../support/terminal.js';

async function run(args: string[], env: Record<string, string> = {}) {
  const process = new RingtrueProcess(args, env);
  const { status } = await process.ended;
  return { status, stdout: process.stdout, stderr: process.stderr };
}

describe('without any server', () => {
  it('help: teaches with examples, and loads neither Temporal nor Twilio', async () => {
    const { status, stdout } = await run(['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('ringtrue call +15005551200 --say "Hello" --wait');
    expect((await run(['call', '--help'])).stdout).toContain('--retry standard');
  });

  it.each([['--help'], ['list'], ['get', 'x'], ['batch', 'list'], ['call', '+15005551200', '--say', 'x']])(
    '%s: loads no SDK, database driver or schema library, so that it starts quickly',
    async (...args) => {
      const tell =
        "import m from 'node:module'; process.on('exit', () => process.stderr.write('loaded ' + Object.keys(m._cache).join(' ')))";
      const { stderr } = await run(args, {
        RINGTRUE_API_URL: `http://${unreachableAddress}`,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}`,
      });
      expect(stderr).toContain('loaded ');
      expect(stderr).not.toMatch(
        /node_modules.(@temporalio|twilio|pg|zod|hono|pino|libphonenumber-js|axios)\b/,
      );
    },
  );

  it.each([
    [['lsit'], 'Did you mean list?'],
    [['call'], "missing required argument 'to'"],
    [['call', '+15005551200', '--wiat'], 'Did you mean --wait?'],
    [['call', '+15005551200', '--ring-timeout', 'long'], '"long" is not a whole number'],
    [['call', '+15005551200', '--say', 'a', '--twiml', 'b'], '--say and --twiml are both given'],
    [['call', '+15005551200', '--metadata', 'nothing'], '--metadata "nothing" must be name=value'],
    [['call', '+15005551200', '--window', '8-21-3'], '--window "8-21-3" must be HH:MM-HH:MM'],
    [
      ['call', '+15005551200', '--window', '08:00-21:00', '--days', '5-1'],
      '--days "5-1" must be days from 1 (Monday) to 7',
    ],
    [['call', '+15005551200', '--days', '1-5'], '--days needs --window, which is missing'],
    [['resend'], 'resend needs the id of a dead letter, or --all'],
    [['get', 'x', '--api', 'localhost:3000'], 'must be an http(s) URL'],
    [['get', 'x', '--token', '"quoted"'], 'The token has quotes around it'],
  ])('%j: status 2, and says what is right', async (args, message) => {
    const { status, stderr, stdout } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('open: prints the address of the operations page; without a terminal it opens nothing', async () => {
    const { status, stdout, stderr } = await run(['open'], {
      RINGTRUE_API_URL: 'https://calls.example/ringtrue',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'https://calls.example/ringtrue/\n',
      stderr: '',
    });
  });

  it.each(['api', 'worker'])(
    '%s without configuration: every fault in one message, status 2',
    async (command) => {
      const { status, stderr, stdout } = await run([command]);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(
        /4 faults:[\s\S]*TWILIO_ACCOUNT_SID[\s\S]*TWILIO_AUTH_TOKEN[\s\S]*RINGTRUE_PUBLIC_URL[\s\S]*DATABASE_URL/,
      );
    },
  );

  it.each(['dev', 'api', 'worker'])(
    '%s on Windows: says that it is not supported, status 2',
    async (command) => {
      const windows = "Object.defineProperty(process, 'platform', { value: 'win32' })";
      const { status, stderr } = await run([command], {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(windows)}`,
      });
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringContaining('does not run on Windows. Use Docker or WSL 2'),
      });
    },
  );

  it('the API cannot be reached: names its address and what to do, status 1', async () => {
    const { status, stderr } = await run(['list'], { RINGTRUE_API_URL: `http://${unreachableAddress}` });
    expect(status).toBe(1);
    expect(stderr).toContain(`ringtrue: The API at http://${unreachableAddress} cannot be reached`);
    expect(stderr).toContain('--api or RINGTRUE_API_URL');
  });

  it.each(['dev', 'api', 'worker', 'simulator'])(
    '%s gets a stop signal while it starts: status 0',
    async (command) => {
      const tells =
        "process.on('newListener', (name) => name === 'SIGTERM' && process.stderr.write('listens'))";
      const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(tells)}`;
      // With what it needs to go on, should it not be told in time.
      const process = new RingtrueProcess([command], {
        NODE_OPTIONS,
        TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
        TWILIO_AUTH_TOKEN: 'token',
        TWILIO_BASE_URL: 'http://127.0.0.1:1',
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        PORT: String(await freePort('127.0.0.1')),
      });
      await process.prints('listens');
      expect(await process.stop('SIGTERM')).toEqual({ status: 0, signal: null });
    },
  );

  it('the data directory of dev cannot be created: says so, status 2', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'ringtrue-')), 'file');
    writeFileSync(file, '');
    const { status, stderr } = await run(['dev'], { RINGTRUE_DATA_DIR: file });
    expect(status).toBe(2);
    expect(stderr).toContain('RINGTRUE_DATA_DIR cannot be used (ENOTDIR');
  });

  it('the simulator alone: prints its address, and stops with status 0', async () => {
    const port = await freePort('127.0.0.1');
    const process = new RingtrueProcess(['simulator'], { RINGTRUE_SIMULATOR_PORT: String(port) });
    await process.prints(`TWILIO_BASE_URL=http://127.0.0.1:${port}`);
    expect(await process.stop()).toEqual({ status: 0, signal: null });
  });
});

describe('completion', () => {
  /** What bash offers for the last of these words. */
  async function offered(script: string, words: string[]): Promise<string[]> {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const question = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _ringtrue; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', `${script}\n${question}`], { encoding: 'utf8' })
      .trim()
      .split('\n');
  }

  it('bash: offers commands, commands of commands, and options', async () => {
    const { stdout, status } = await run(['completion', 'bash']);
    expect(status).toBe(0);
    expect(await offered(stdout, ['ringtrue', 'do'])).toEqual(['doctor', 'do-not-call']);
    expect(await offered(stdout, ['ringtrue', 'batch', 'st'])).toEqual(['start']);
    expect(await offered(stdout, ['ringtrue', 'batch', '--json', 'start', '--dr'])).toEqual(['--dry-run']);
    // A file name, which bash completes by itself.
    expect(await offered(stdout, ['ringtrue', 'batch', 'start', 'nu'])).toEqual(['']);
  });

  it('every command and option is in the scripts of all shells, and every command but a process has --json', async () => {
    const [bash, zsh, fish] = await Promise.all(
      ['bash', 'zsh', 'fish'].map(async (shell) => (await run(['completion', shell])).stdout),
    );
    const places = [...(bash ?? '').matchAll(/^ {4}'(.*?)'\) commands='(.*?)' options='(.*?)' ;;$/gm)];
    expect(places.length).toBeGreaterThan(40);
    for (const [, path = '', commands = '', options = ''] of places) {
      expect(zsh).toContain(`('${path}')`);
      for (const name of commands.split(' ').filter(Boolean)) {
        expect(zsh).toContain(`'${name}:`);
        expect(fish).toContain(`-f -a ${name} -d`);
      }
      for (const option of options.split(' ').filter((one) => one.startsWith('--'))) {
        expect(zsh).toContain(`'${option}:`);
        expect(fish).toContain(` -l ${option.slice(2)} `);
      }
      const isProcess = /^( (dev|demo|api|worker|simulator|mcp|completion))?$/.test(path);
      if (commands === '' && !isProcess) expect(`${path}: ${options}`).toContain('--json');
    }
  });

  it('an unknown shell: names the known ones, status 2', async () => {
    const { status, stderr } = await run(['completion', 'ksh']);
    expect(status).toBe(2);
    expect(stderr).toContain('Allowed choices are bash, zsh, fish');
  });
});

describe('--json of commands without a server', () => {
  it('policy check: valid, and with every fault at status 2', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'ringtrue-')), 'policies.json');
    writeFileSync(file, '{"twice": {"maxAttempts": 2}}');
    const valid = await run(['policy', 'check', file, '--json']);
    expect(JSON.parse(valid.stdout)).toEqual({
      ok: true,
      policies: ['default', 'standard', 'twice'],
      faults: [],
    });
    writeFileSync(file, '{"twice": {"maxAttempts": 200}}');
    const faulty = await run(['policy', 'check', file, '--json']);
    expect(faulty.status).toBe(2);
    expect(JSON.parse(faulty.stdout)).toMatchObject({
      ok: false,
      faults: [expect.stringContaining('maxAttempts')],
    });
  });

  it('notify-secret and setup', async () => {
    const secret = JSON.parse((await run(['notify-secret', '--json'])).stdout);
    expect(secret).toEqual({ secret: expect.stringMatching(/^whsec_/) });
    const setup = await run(['setup', '--json'], { TEMPORAL_ADDRESS: inject('temporalAddress') });
    expect(setup.status).toBe(0);
    expect(JSON.parse(setup.stdout)).toEqual({ ok: true, registered: [], hasStore: false, faults: [] });
  });
});

describe('with `ringtrue dev`', () => {
  let dev: RingtrueProcess;
  let env: Record<string, string>;
  let devEnv: Record<string, string>;
  beforeAll(async () => {
    const ports = await Promise.all([1, 2, 3, 4].map(() => freePort('127.0.0.1')));
    const [api, temporal, ui, simulator] = ports.map(String) as [string, string, string, string];
    devEnv = {
      PORT: api,
      RINGTRUE_TEMPORAL_PORT: temporal,
      RINGTRUE_TEMPORAL_UI_PORT: ui,
      RINGTRUE_SIMULATOR_PORT: simulator,
      RINGTRUE_DATA_DIR: mkdtempSync(`${tmpdir()}/ringtrue-dev-`),
      RINGTRUE_API_TOKENS: 'the-api-token',
      TEMPORAL_CLI_PATH: inject('temporalCliPath'),
    };
    env = { RINGTRUE_API_URL: `http://localhost:${api}`, RINGTRUE_API_TOKEN: 'the-api-token' };
    dev = new RingtrueProcess(['dev'], devEnv);
    await dev.prints('Try:');
  }, 90_000);
  afterAll(async () => {
    await dev.stop('SIGKILL');
  });

  it('call --wait: progress on stderr, the outcome on stdout', async () => {
    const placed = await run(['call', '+15005552486', '--say', 'Hello & goodbye', '--wait', '--json'], env);
    // Busy.
    expect(placed.status).toBe(10);
    const call = JSON.parse(placed.stdout);
    const [first, ...progress] = placed.stderr.trimEnd().split('\n');
    expect(first).toBe(call.callId);
    expect(progress.join('\n')).toMatch(/^(looking-up|attempt 1, \S+)/);
    expect(call).toMatchObject({ state: 'done', outcome: { outcome: 'busy', decidedBy: 'webhook' } });
    const lines = dev.stderr.split('\n').filter((line) => line.includes(`${call.callId} to +1500•••2486`));
    for (const what of ['attempt 1: queued', 'attempt 1: ringing', 'is over: busy, decided by webhook'])
      expect(lines.filter((line) => line.includes(what))).toHaveLength(1);
    const shown = await run(['get', call.callId], env);
    expect(shown.stdout).toMatch(/\n\nTIMELINE\n(\d{4}-\d\d-\d\dT\S+Z +\S.*\n)+$/);
    expect(shown.stdout.slice(shown.stdout.indexOf('TIMELINE'))).not.toContain('+15005552486');
    expect(shown.stdout).toMatch(
      /to +\+15005552486\n[\s\S]*outcome +busy\n[\s\S]*no more attempts +Attempt 1 of 1 was the last \(max-attempts\)[\s\S]*ATTEMPT +SID/,
    );
    const listed = await run(['list', '--outcome', 'busy', '--json'], env);
    expect(JSON.parse(listed.stdout).calls.map((one: { callId: string }) => one.callId)).toContain(
      call.callId,
    );
    expect((await run(['list', '--outcome', 'busy'], env)).stdout).toMatch(
      new RegExp(`^CALL +TO +STATE[\\s\\S]*\\n${call.callId} +\\+15005552486 +done +busy `),
    );
  });

  it('a call waits to retry: can be paused, resumed, rescheduled, retried and canceled', async () => {
    const placed = await run(
      ['call', '+15005552486', '--say', 'x', '--retry', 'standard', '--key', 'order-1', '--json'],
      env,
    );
    const { callId } = JSON.parse(placed.stdout);
    const again = await run(
      ['call', '+15005552486', '--say', 'x', '--retry', 'standard', '--key', 'order-1', '--json'],
      env,
    );
    expect(JSON.parse(again.stdout).callId).toBe(callId);
    for (;;) {
      const { state } = JSON.parse((await run(['get', callId, '--json'], env)).stdout);
      if (state === 'waiting-to-retry') break;
    }
    expect((await run(['pause', callId, '--reason', 'repair'], env)).status).toBe(0);
    expect((await run(['get', callId], env)).stdout).toMatch(
      /waiting for +somebody to resume[\s\S]*paused +repair/,
    );
    expect((await run(['resume', callId], env)).status).toBe(0);
    const moved = await run(['reschedule', callId, '--at', '2040-01-31T09:00:00+01:00'], env);
    expect(moved.stdout).toContain(`The next attempt of ${callId} is due at 2040-01-31T09:00:00+01:00.`);
    const unclear = await run(['reschedule', callId, '--at', 'tomorrow'], env);
    expect(unclear.status).toBe(1);
    expect(unclear.stderr).toContain('- at is "tomorrow"; must be an RFC 3339 time');
    expect((await run(['retry', callId], env)).status).toBe(0);
    expect((await run(['cancel', callId, '--reason', 'enough'], env)).status).toBe(0);
    const over = JSON.parse((await run(['get', callId, '--wait', '--json'], env)).stdout);
    expect(over.attempts.length).toBeGreaterThanOrEqual(1);
    const late = await run(['retry', callId], env);
    expect(late.status).toBe(1);
    expect(late.stderr).toContain("The call's state does not allow it (409)");
  }, 60_000);

  it('a receiver refuses a notification: it is listed as a dead letter, and can be sent again', async () => {
    const receiver = await startReceiver({ status: 410 });
    const ask = async <T>(path: string, body?: object): Promise<T> => {
      const headers = { Authorization: 'Bearer the-api-token', 'Content-Type': 'application/json' };
      const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
      return (await (await fetch(`${env.RINGTRUE_API_URL}${path}`, { headers, ...init })).json()) as T;
    };
    const request = { to: '+15005552486', twiml: '<Response/>', notifyUrl: receiver.origin };
    const { callId } = await ask<{ callId: string }>('/calls', request);
    const page = () => ask<{ deadLetters: { id: string }[] }>(`/dead-letters?state=dead&callId=${callId}`);
    const deadLetters = async () => (await page()).deadLetters;
    await until(async () => (await deadLetters()).length === 2);
    const { id } = (await deadLetters())[0] as { id: string };
    const listed = await run(['dead-letters', '--call', callId, '--limit', '1'], env);
    expect(listed.stdout).toMatch(
      new RegExp(`DEAD LETTER +CALL[\\s\\S]*${id} +${callId}.*answered 410[\\s\\S]*more: --cursor`),
    );

    receiver.answer = { status: 204 };
    expect((await run(['resend', id], env)).stdout).toContain(`${id} is being sent again`);
    await until(async () => (await deadLetters()).length === 1);
    const all = await run(['resend', '--all', '--json'], env);
    expect(JSON.parse(all.stdout)).toEqual({ resent: 1, underWay: 0 });
    await until(async () => (await deadLetters()).length === 0);
    const again = await run(['resend', id], env);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('The notification cannot be sent again (409)');
  });

  it('a CSV file of calls: results as CSV, redial of busy numbers, each fault with its row', async () => {
    const file = `${mkdtempSync(`${tmpdir()}/ringtrue-batch-`)}/calls.csv`;
    writeFileSync(file, 'to,metadata.order\n+15005552486,1\n+15005551200,2\n');
    const defaults = JSON.stringify({ twiml: '<Response/>', lookup: 'off' });
    const started = await run(['batch', 'start', file, '--defaults', defaults, '--wait', '--json'], env);
    expect(started.status).toBe(0);
    const { batchId, counts } = JSON.parse(started.stdout);
    expect(started.stderr.split('\n')[0]).toBe(batchId);
    expect(counts).toMatchObject({ total: 2, done: 2, outcomes: { busy: 1, answered: 1 } });
    const results = await run(['batch', 'results', batchId], env);
    expect(results.stdout).toMatch(/^row,callId,to,[\s\S]*\r\n1,.*,busy,[\s\S]*\r\n2,.*,answered,.*,2\r\n$/);
    expect((await run(['batch', 'show', batchId], env)).stdout).toMatch(/state +done/);
    const redial = ['redial', '--batch', batchId, '--outcome', 'busy,no-answer', '--since', '24h'];
    const again = JSON.parse((await run([...redial, '--wait', '--json'], env)).stdout);
    expect(again).toMatchObject({ redialOf: { batch: batchId }, counts: { total: 1, done: 1 } });
    // The caller ID is the destination of the second call.
    const overrides = ['--overrides', '{"from":"+15005551200"}'];
    const faulty = ['redial', '--batch', batchId, '--outcome', 'busy,answered', ...overrides];
    expect((await run(faulty, env)).status).toBe(1);
    const others = await run([...faulty, '--skip-faulty-rows'], env);
    expect(others).toMatchObject({ status: 0, stdout: expect.stringContaining('1 call') });
    // Calls are redialed in the order in which they began, which is not the order of the file.
    expect(others.stderr).toMatch(/row \d: from is "\+15005551200", the destination itself/);
    expect((await run(['batch', 'cancel', batchId], env)).stderr).toContain('The batch is already over');

    writeFileSync(file, 'to,metadata.order\n+15005552486,1\n2486,2\n');
    const { status, stderr } = await run(['batch', 'start', file, '--defaults', defaults], env);
    expect(status).toBe(1);
    expect(stderr).toContain('- row 2, line 3: to is "2486"');
    expect((await run(['batch', 'start', `${file}.json`], env)).status).toBe(2);
    const skipping = ['batch', 'start', file, '--defaults', defaults, '--paused', '--skip-faulty-rows'];
    const left = await run(skipping, env);
    expect(left).toMatchObject({ status: 0, stdout: expect.stringContaining('1 call') });
    expect(left.stderr).toContain('row 2: to is "2486"');

    const call = { to: '+15005551200', twiml: '<Response/>' };
    writeFileSync(`${file}.json`, `\uFEFF${JSON.stringify({ paused: true, calls: [call] })}`);
    expect((await run(['batch', 'start', `${file}.json`], env)).status).toBe(0);
  }, 60_000);

  it('a JSON file differs from the command line: the command line takes precedence', async () => {
    const file = `${mkdtempSync(`${tmpdir()}/ringtrue-batch-`)}/calls.json`;
    const call = { to: '+15005551200', twiml: '<Response/>' };
    writeFileSync(file, JSON.stringify({ name: 'Monday', paused: false, window: 7, calls: [call] }));
    const typed = ['--name', 'Appointments', '--paused', '--window', '2'];
    const started = await run(['batch', 'start', file, ...typed, '--json'], env);
    const { batchId } = JSON.parse(started.stdout);
    const shown = JSON.parse((await run(['batch', 'show', batchId, '--json'], env)).stdout);
    expect(shown).toMatchObject({ name: 'Appointments', state: 'paused', window: 2 });
    expect((await run(['batch', 'cancel', batchId], env)).status).toBe(0);
    const delimited = await run(['batch', 'start', file, '--delimiter', ';'], env);
    expect(delimited).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('only a CSV file has one'),
    });
  });

  it('list --all: reads every page, and counts the calls by outcome', async () => {
    const metadata = ['--metadata', 'list=all'];
    for (const to of ['+15005552486', '+15005551200', '+15005552486'])
      await run(['call', to, '--say', 'x', ...metadata, '--wait'], env);
    const filter = ['list', '--since', '1h', ...metadata, '--limit', '1'];
    const one = await run(filter, env);
    expect(one.stdout).toMatch(/^CALL .*\ncall-\S+ .*\nThere are more: --cursor \S+, or --all\n$/);
    const all = await run([...filter, '--all'], env);
    expect(all.stdout).toMatch(/^CALL .*\n(call-\S+ .*\n){3}3 calls: 2 busy, 1 answered\n$/);
    const json = JSON.parse((await run([...filter, '--all', '--json'], env)).stdout);
    expect(json).toMatchObject({ nextCursor: null, calls: [{}, {}, {}] });
    const reachable = await run(['list', ...metadata, '--reachability', 'unreachable', '--all'], env);
    expect(reachable.stdout).toBe('No calls.\n0 calls\n');
    const batches = await run(['batch', 'list', '--all', '--limit', '1', '--json'], env);
    expect(JSON.parse(batches.stdout).batches.length).toBeGreaterThan(1);
  }, 60_000);

  it('dialing: shows the limits as numbers, and who set them', async () => {
    const { stdout } = await run(['dialing'], env);
    expect(stdout).toMatch(/calls per second +10 \(as the workers are configured\)/);
    expect(stdout).toMatch(/most calls in flight +no limit \(as the workers are configured\)/);
    const changed = await run(['dialing', 'limits', '--cps', '5'], env);
    expect(changed.stdout).toMatch(/calls per second +5 \(set by an operator\)/);
    await run(['dialing', 'limits', '--cps', 'default'], env);
  });

  it('call --retry with a policy as JSON: accepted', async () => {
    const policy = '{"maxAttempts":2,"retryOn":["busy"]}';
    const placed = await run(
      ['call', '+15005551200', '--say', 'x', '--retry', policy, '--priority', '1', '--json'],
      env,
    );
    expect({ status: placed.status, stderr: placed.stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('a request with several faults: names all of them on stderr, status 1', async () => {
    const { status, stderr, stdout } = await run(['call', '12', '--lookup', 'deep', '--url', 'x'], env);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /The request is not valid \(422\)[\s\S]*- to is "12"[\s\S]*- url is "x"[\s\S]*- lookup is "deep"/,
    );
  });

  it('a wrong token: says how to give one, status 1', async () => {
    const { status, stderr } = await run(['list'], { ...env, RINGTRUE_API_TOKEN: 'wrong' });
    expect(status).toBe(1);
    expect(stderr).toContain('Give it with --token or RINGTRUE_API_TOKEN.');
  });

  it('a second `dev` on the same directory: refused with status 2, and the first goes on', async () => {
    const { status, stderr } = await run(['dev'], devEnv);
    expect(status).toBe(2);
    expect(stderr).toContain(`is in use by process ${dev.pid}`);
    expect((await run(['list'], env)).status).toBe(0);
  });

  it('ringtrue is killed and started again while a command waits for a call: the command still gets the outcome', async () => {
    const later = ['call', '+15005551200', '--say', 'x', '--not-before', '2040-01-31T09:00:00Z'];
    const waiting = new RingtrueProcess([...later, '--wait', '--json'], env);
    await waiting.prints('waiting for');
    const [callId = ''] = waiting.stderr.split('\n');
    await dev.stop('SIGKILL');
    dev = new RingtrueProcess(['dev'], devEnv);
    await dev.prints('Try:');
    expect((await run(['cancel', callId], env)).status).toBe(0);
    // Canceled.
    expect((await waiting.ended).status).toBe(13);
    expect(JSON.parse(waiting.stdout)).toMatchObject({ callId, outcome: { outcome: 'canceled' } });
  }, 90_000);

  it('call --wait: the exit status says how the call turned out', async () => {
    const statuses = {
      // An ordinary number, which no call of another test can keep busy.
      '+12025550145': 0,
      '+15005554487': 11,
      '+15005555503': 12,
      '+15008100000': 14,
      '+15006212140': 15,
    };
    const calls = Object.keys(statuses).map(async (to) => {
      const { status } = await run(['call', to, '--say', 'x', '--wait'], env);
      return [to, status];
    });
    expect(Object.fromEntries(await Promise.all(calls))).toEqual(statuses);
  }, 60_000);

  it('a call does not ring, because dialing is paused: call says so at once, and what to do', async () => {
    await run(['dialing', 'pause', '--reason', 'lunch'], env);
    const placed = await run(['call', '+15005559900', '--say', 'x', '--json'], env);
    expect(placed).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/does not ring yet.*paused it \(lunch\)\. `ringtrue dialing resume`/),
    });
    const { callId } = JSON.parse(placed.stdout);
    const view = new TerminalProcess(
      ['watch', '--every', '1'],
      { ...env, NO_COLOR: '1' },
      { columns: 50, rows: 16 },
    );
    await until(() => view.screen.some((line) => line.startsWith('dialing is paused (lunch)')));
    await run(['dialing', 'resume'], env);
    await until(() => view.screen.some((line) => line.startsWith('dialing, ')));
    await until(() => view.screen.some((line) => /answered +call-/.test(line)));
    expect(view.screen.length).toBeLessThanOrEqual(16);
    for (const line of view.screen) expect(line.length).toBeLessThanOrEqual(50);
    expect(view.written).not.toContain('+15005559900');
    // Neither colors nor bold text.
    expect(view.written.split('\u001b[').filter((part) => /^[\d;]*m/.test(part))).toEqual([]);
    view.type('q');
    expect(await view.ended).toBe(0);
    expect(view.written.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect((await run(['get', callId, '--wait'], env)).status).toBe(0);
  }, 60_000);

  it('a calling window is shut: call says so, and how to call at once', async () => {
    const placed = await run(
      ['call', '+12025550143', '--say', 'x', '--not-before', '2040-01-31T09:00:00Z'],
      env,
    );
    expect(placed.stderr).toMatch(/does not ring yet.*ringtrue reschedule/);
    const [callId = ''] = placed.stdout.split('\n');
    await run(['cancel', callId], env);
  }, 60_000);

  it('watch in a pipe: a line for each change; with --json an object a line', async () => {
    const lines = new RingtrueProcess(['watch', '--every', '1'], env);
    await lines.prints('0 waiting, 0 ringing');
    await run(['call', '+15005552486', '--say', 'x', '--wait'], env);
    await lines.prints('busy');
    expect(await lines.stop('SIGINT')).toEqual({ status: 0, signal: null });
    expect(lines.stdout).toMatch(/^\S+Z {2}API, Temporal and store are ready.*\n\S+Z {2}\d+ waiting/);
    const objects = new RingtrueProcess(['watch', '--json'], env);
    await objects.prints('\n');
    await objects.stop('SIGTERM');
    const [first = ''] = objects.stdout.split('\n');
    expect(JSON.parse(first)).toMatchObject({ groups: expect.any(Array), trouble: null });
    const unreachable = await run(['watch'], { RINGTRUE_API_URL: `http://${unreachableAddress}` });
    expect(unreachable).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot be reached') });
  }, 60_000);

  it('batch start --wait on a terminal: a bar with outcomes; Ctrl-C leaves the batch running', async () => {
    const file = `${mkdtempSync(`${tmpdir()}/ringtrue-batch-`)}/calls.csv`;
    writeFileSync(file, 'to\n+15005552486\n+15005558102\n');
    const defaults = JSON.stringify({ twiml: '<Response/>', lookup: 'off' });
    const start = ['batch', 'start', file, '--defaults', defaults, '--wait'];
    const first = new TerminalProcess(start, env, { columns: 70 });
    await until(() => /\[#{8}\.{9}\] 1\/2 running {2}1 busy, 1 run/.test(first.written));
    first.type('\u0003');
    expect(await first.ended).toBe(130);
    const batchId = /batch-[0-9a-f-]+/.exec(first.written)?.[0] ?? '';
    expect(first.written).toContain(`To come back: ringtrue batch show ${batchId} --wait`);
    expect(JSON.parse((await run(['batch', 'show', batchId, '--json'], env)).stdout).state).toBe('running');
    const again = new TerminalProcess(['batch', 'show', batchId, '--wait'], env, { columns: 70 });
    await until(() => again.written.includes('1/2 running'));
    await run(['batch', 'cancel', batchId], env);
    expect(await again.ended).toBe(0);
    expect(again.written).toMatch(/\[#{17}\] 2\/2 canceled/);
  }, 60_000);

  it('open in a terminal: prints the address of the page, and opens it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringtrue-browser-'));
    for (const name of ['xdg-open', 'open'])
      writeFileSync(join(directory, name), `#!/bin/sh\necho "$1" > '${directory}/opened'\n`, { mode: 0o755 });
    const PATH = `${directory}:${process.env.PATH}`;
    const terminal = new TerminalProcess(['open'], { ...env, PATH });
    expect(await terminal.ended).toBe(0);
    expect(terminal.written).toContain(`${env.RINGTRUE_API_URL}/`);
    expect(readFileSync(join(directory, 'opened'), 'utf8')).toBe(`${env.RINGTRUE_API_URL}/\n`);
  });

  it('doctor: everything that dev runs is well', async () => {
    const { stdout, status } = await run(['doctor', '--json', '--country', 'de,US'], { ...devEnv, ...env });
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; ok: boolean }[] };
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect({ ok, status }).toEqual({ ok: true, status: 0 });
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['geo-permission-DE', 'RingtrueTo']),
    );
    const wrong = await run(['doctor', '--country', 'Germany'], { ...devEnv, ...env });
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('must be a country of ISO 3166'),
    });
    const faulty = await run(['doctor'], { ...devEnv, ...env, RINGTRUE_CSP: '3' });
    expect(faulty).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/FAULT {2}RINGTRUE_CSP .*\n +→ /),
    });
    expect(stdout + faulty.stdout).not.toContain('the-api-token');
  }, 60_000);

  it('no full phone number is in the log', () => {
    expect(dev.stderr).not.toMatch(/\+1500555\d{4}/);
    expect(dev.stderr).not.toContain('the-api-token');
  });

  it('dev is stopped: status 0, and no process or port is left', async () => {
    expect(await dev.stop('SIGINT')).toEqual({ status: 0, signal: null });
    for (const name of [
      'PORT',
      'RINGTRUE_TEMPORAL_PORT',
      'RINGTRUE_TEMPORAL_UI_PORT',
      'RINGTRUE_SIMULATOR_PORT',
    ])
      expect(await isFree('127.0.0.1', Number(devEnv[name]))).toBe(true);
    const left = execFileSync('ps', ['-eo', 'args=', '-ww'], { encoding: 'utf8' });
    expect(left).not.toContain(devEnv.RINGTRUE_DATA_DIR);
  });
});
