import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../support/postgres.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { heldPort } from './heldPort.js';
import { type BadEnd, type Part, RingtruePart } from './part.js';
import type { Target } from './plan.js';
import { temporalServer } from './temporalServer.js';

/** All processes of a run. Each is real. */
export interface Stack {
  parts: Record<Target, Part>;
  apiUrl: string;
  temporalAddress: string;
  databaseUrl: string;
  simulatorUrl: string;
  accountSid: string;
  authToken: string;
  /** Waits until every process serves. Throws the name and output of one that does not in time. */
  ready(withinMs: number): Promise<void>;
  badEnds(): BadEnd[];
  /** What each process wrote to stderr, by its name. */
  output(): Record<string, string>;
  end(): Promise<void>;
}

/** Short, so that many of them happen in a run. */
export const waits = {
  callbackWaitSeconds: 2,
  pollIntervalSeconds: 1,
  /** Longer than the sum of the longest freeze (6 s), a late create (4 s) and a late list (4 s). */
  absentAfterSeconds: 20,
};

/**
 * Starts PostgreSQL (durable: a commit survives a kill of the server), Temporal with its state in a file, the
 * simulator, the API and two workers.
 */
export async function startStack(cliPath: string): Promise<Stack> {
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-chaos-'));
  const temporal = await temporalServer(cliPath, join(directory, 'temporal.sqlite'));
  const postgres = await startPostgres({ durable: true });
  const accountSid = `AC${'c4a05'.padEnd(32, '0')}`;
  const authToken = 'the-auth-token-of-this-run';
  const simulatorPort = await heldPort();
  const apiPort = await heldPort();
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const account = { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, RINGTRUE_CPS: '100' };
  const env = {
    ...account,
    TWILIO_BASE_URL: simulatorUrl,
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: postgres.url,
    PORT: String(apiPort),
    RINGTRUE_PUBLIC_URL: apiUrl,
    RINGTRUE_DATA_DIR: directory,
    RINGTRUE_CALLBACK_WAIT_SECONDS: String(waits.callbackWaitSeconds),
    RINGTRUE_POLL_INTERVAL_SECONDS: String(waits.pollIntervalSeconds),
    RINGTRUE_ABSENT_AFTER_SECONDS: String(waits.absentAfterSeconds),
    // The truth of a call follows from its number alone, so no call may influence another one.
    RINGTRUE_CALLS_PER_NUMBER: '0',
    RINGTRUE_REMEMBER_INVALID_SECONDS: '0',
  };

  const simulator = new RingtruePart(
    'simulator',
    () => new RingtrueProcess(['simulator'], { ...account, RINGTRUE_SIMULATOR_PORT: String(simulatorPort) }),
    `${simulatorUrl}/healthz`,
  );
  const api = new RingtruePart('api', () => new RingtrueProcess(['api'], env), `${apiUrl}/readyz`);
  const workers = await Promise.all(
    ['worker-1', 'worker-2'].map(async (name) => {
      const port = await heldPort();
      const launch = () => new RingtrueProcess(['worker'], { ...env, RINGTRUE_WORKER_PORT: String(port) });
      return new RingtruePart(name, launch, `http://127.0.0.1:${port}/readyz`);
    }),
  );
  const [worker1, worker2] = workers as [RingtruePart, RingtruePart];
  const ringtrue = [simulator, api, ...workers];

  const postgresPart: Part = {
    kill: () => gone('SIGKILL'),
    stop: () => gone('SIGINT'),
    freeze: () => postgres.kill('SIGSTOP'),
    unfreeze: () => postgres.kill('SIGCONT'),
    start: startAgain,
    isReady: async () => true,
    output: () => '',
  };
  // `restart` waits until the server is gone.
  async function gone(signal: NodeJS.Signals): Promise<void> {
    postgres.kill(signal);
  }
  // Another process may have its port for a moment.
  async function startAgain(): Promise<void> {
    for (let left = 20; ; left--) {
      try {
        return await postgres.restart();
      } catch (error) {
        if (left === 0) throw error;
        await pause(500);
      }
    }
  }

  const parts: Record<Target, Part> = {
    api,
    'worker-1': worker1,
    'worker-2': worker2,
    temporal,
    postgres: postgresPart,
  };
  const all: Record<string, Part> = { simulator, ...parts };

  // All processes of the run end with this one, however it ends. Temporal and PostgreSQL have guards of their
  // own.
  const killAll = () => {
    for (const part of ringtrue) void part.end();
  };
  process.once('exit', killAll);

  for (const part of [temporal, ...ringtrue]) await part.start();
  return {
    parts,
    apiUrl,
    temporalAddress: temporal.address,
    databaseUrl: postgres.url,
    simulatorUrl,
    accountSid,
    authToken,
    async ready(withinMs) {
      const deadline = Date.now() + withinMs;
      for (const [name, part] of Object.entries(all))
        while (!(await part.isReady())) {
          if (Date.now() > deadline)
            throw new Error(
              `${name} does not serve after ${withinMs / 1000} s:\n${part.output().slice(-3_000)}`,
            );
          await pause(100);
        }
    },
    badEnds: () => ringtrue.flatMap(({ badEnds }) => badEnds),
    output: () => Object.fromEntries(Object.entries(all).map(([name, part]) => [name, part.output()])),
    async end() {
      for (const part of [...ringtrue].reverse()) await part.end();
      await temporal.end();
      await postgres.stop();
      process.off('exit', killAll);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
