import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { freePort } from '../../src/process/freePort.js';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { startDevServer } from '../../src/temporal/devServer.js';
import type { ProgressMode } from '../../workflows/rules/twilioStatus.js';
import { startPostgres } from '../support/postgres.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { BenchProcess } from './childProcess.js';
import { descendantRunning, type Usage, usageOf } from './processUsage.js';

export const partNames = ['temporal', 'worker', 'api', 'postgres', 'simulator', 'load', 'yardstick'] as const;
export type PartName = (typeof partNames)[number];

/** The processes that a call uses. */
export interface BenchStack {
  client: Client;
  store: OutcomeStore;
  temporalAddress: string;
  apiUrl: string;
  simulatorUrl: string;
  load: BenchProcess;
  yardstick: BenchProcess;
  usage(): Record<PartName, Usage>;
  /** Bytes that the JavaScript of each process has in use after its garbage was collected. */
  heapBytes(): Promise<Record<'api' | 'worker', number>>;
  /** CPU seconds a second of each process while nothing happens. Zero until it is measured. */
  idle: Record<PartName, number>;
  /** Starts a process, waits until it serves, and stops it. Returns the milliseconds until it served. */
  startUp(what: 'api' | 'worker' | 'dev'): Promise<number>;
  /** Stops the worker and starts another one, with these environment variables in addition. */
  restartWorker(env?: Record<string, string>): Promise<void>;
  /** Waits until Temporal and the worker are idle. */
  quiet(): Promise<void>;
  end(): Promise<void>;
}

/** Longer than the benchmark, so that no waiting call is polled. */
const endlessWait = { RINGTRUE_CALLBACK_WAIT_SECONDS: '86400' };
const startsWithinMs = 60_000;
const quietWithinMs = 90_000;

export async function startBenchStack(options: {
  cliPath: string;
  file: boolean;
  progress: ProgressMode;
}): Promise<BenchStack> {
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-bench-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const end = async () => {
    for (const one of ends.splice(0).reverse()) await one();
  };
  try {
    return await start();
  } catch (error) {
    await end();
    throw error;
  }

  async function start(): Promise<BenchStack> {
    const temporalPort = await freePort('127.0.0.1');
    const temporal = await startDevServer({
      cliPath: options.cliPath,
      port: temporalPort,
      uiPort: null,
      namespace: 'default',
      stateFile: options.file ? join(directory, 'temporal.sqlite') : null,
      say: (sentence) => process.stderr.write(`${sentence}\n`),
    });
    ends.push(() => temporal.stop());
    const temporalPid = descendantRunning(process.pid, ['start-dev', String(temporalPort)]);
    const postgres = await startPostgres();
    ends.push(() => postgres.stop());
    const store = await openStore({ databaseUrl: postgres.url });
    ends.push(() => store.close());
    await installRecordingTrigger(postgres.url);

    const children = ['simulatorProcess', 'loadProcess', 'yardstickProcess'].map(
      (file) => new BenchProcess(file),
    );
    for (const child of children) ends.push(() => child.stop());
    const [simulator, load, yardstick] = children as [BenchProcess, BenchProcess, BenchProcess];
    const simulatorUrl = await simulator.run<string>('start');
    const apiPort = await freePort('127.0.0.1');
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const env = {
      TWILIO_ACCOUNT_SID: simulatorCredentials.accountSid,
      TWILIO_AUTH_TOKEN: simulatorCredentials.authToken,
      TWILIO_BASE_URL: simulatorUrl,
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: postgres.url,
      RINGTRUE_CPS: '1000',
      // Each load calls the same numbers many times.
      RINGTRUE_CALLS_PER_NUMBER: '0',
      RINGTRUE_REMEMBER_INVALID_SECONDS: '0',
      RINGTRUE_PUBLIC_URL: apiUrl,
      RINGTRUE_DATA_DIR: directory,
      RINGTRUE_LOG_LEVEL: 'info',
      RINGTRUE_PROGRESS: options.progress,
      NODE_OPTIONS: `--expose-gc --import=${new URL('collectGarbage.mjs', import.meta.url)}`,
      BENCH_HEAP_DIRECTORY: directory,
      ...endlessWait,
    };

    const running = new Set<RingtrueProcess>();
    const kill = () => {
      for (const one of running) one.child.kill('SIGKILL');
    };
    process.once('exit', kill);
    ends.push(async () => {
      await Promise.all([...running].map((one) => stop(one)));
      process.off('exit', kill);
    });

    /** Starts a `ringtrue` process and waits until it serves. */
    async function serve(command: string, more: Record<string, string>, readyUrl: string) {
      const begun = performance.now();
      const one = new RingtrueProcess([command], { ...env, ...more });
      running.add(one);
      while (!(await answersWell(readyUrl))) {
        if (one.child.exitCode !== null) throw new Error(`ringtrue ${command} ended:\n${one.stderr}`);
        if (performance.now() - begun > startsWithinMs)
          throw new Error(
            `ringtrue ${command} does not serve after ${startsWithinMs / 1000} s:\n${one.stderr}`,
          );
        await pause(10);
      }
      return { one, milliseconds: performance.now() - begun };
    }
    async function stop(one: RingtrueProcess): Promise<void> {
      await one.stop();
      running.delete(one);
    }
    async function serveWorker(more: Record<string, string>) {
      const port = await freePort('127.0.0.1');
      const url = `http://127.0.0.1:${port}/readyz`;
      return serve('worker', { ...more, RINGTRUE_WORKER_PORT: String(port) }, url);
    }
    const serveApi = (port: number) =>
      serve('api', { PORT: String(port) }, `http://127.0.0.1:${port}/readyz`);
    async function serveDev() {
      const names = [
        'PORT',
        'RINGTRUE_TEMPORAL_PORT',
        'RINGTRUE_TEMPORAL_UI_PORT',
        'RINGTRUE_SIMULATOR_PORT',
      ];
      const ports: Record<string, string> = {};
      for (const name of names) ports[name] = String(await freePort('127.0.0.1'));
      const alone = Object.fromEntries(Object.keys(env).map((name) => [name, '']));
      const dataDir = { RINGTRUE_DATA_DIR: mkdtempSync(join(directory, 'dev-')) };
      return serve('dev', { ...alone, ...ports, ...dataDir }, `http://127.0.0.1:${ports.PORT}/readyz`);
    }

    const api = (await serveApi(apiPort)).one;
    let worker = (await serveWorker({})).one;
    await load.run('start', { apiUrl, databaseUrl: postgres.url });
    await yardstick.run('start', { address: temporal.address });
    const connection = await Connection.connect({ address: temporal.address });
    ends.push(() => connection.close());

    const usage = (): Record<PartName, Usage> => ({
      temporal: usageOf(temporalPid),
      worker: usageOf(worker.pid),
      api: usageOf(api.pid),
      postgres: usageOf(postgres.pid),
      simulator: usageOf(simulator.pid),
      load: usageOf(load.pid),
      yardstick: usageOf(yardstick.pid),
    });
    async function heapBytesOf({ pid }: RingtrueProcess): Promise<number> {
      const file = join(directory, `${pid}.heap`);
      await rm(file, { force: true });
      process.kill(pid, 'SIGUSR2');
      for (const giveUpAt = Date.now() + 20_000; ; await pause(20)) {
        const text = await readFile(file, 'utf8').catch(() => null);
        if (text !== null) return Number(text);
        if (Date.now() > giveUpAt) throw new Error(`Process ${pid} did not say how much memory it uses.`);
      }
    }
    return {
      client: new Client({ connection }),
      store,
      temporalAddress: temporal.address,
      apiUrl,
      simulatorUrl,
      load,
      yardstick,
      usage,
      heapBytes: async () => ({ api: await heapBytesOf(api), worker: await heapBytesOf(worker) }),
      idle: Object.fromEntries(partNames.map((part) => [part, 0])) as Record<PartName, number>,
      async startUp(what) {
        const starts = {
          api: async () => serveApi(await freePort('127.0.0.1')),
          worker: () => serveWorker({}),
          dev: serveDev,
        };
        const { one, milliseconds } = await starts[what]();
        await stop(one);
        return milliseconds;
      },
      async restartWorker(more = {}) {
        await stop(worker);
        worker = (await serveWorker(more)).one;
      },
      async quiet() {
        const spent = () => {
          const now = usage();
          return now.temporal.cpuSeconds + now.worker.cpuSeconds;
        };
        for (const giveUpAt = Date.now() + quietWithinMs; Date.now() < giveUpAt; ) {
          const before = spent();
          await pause(1_000);
          if (spent() - before < 0.12) return;
        }
      },
      end,
    };
  }
}

/** Makes the database notify listeners of each recorded outcome, with its time. */
async function installRecordingTrigger(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`
    create function notify_recorded() returns trigger language plpgsql as $$
    begin
      perform pg_notify('recorded', json_build_object('callId', new.call_id,
        'at', extract(epoch from clock_timestamp()) * 1000)::text);
      return null;
    end $$;
    create trigger notify_recorded after insert or update on calls for each row
      when (new.state = 'done') execute function notify_recorded();`);
  await client.end();
}

async function answersWell(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
