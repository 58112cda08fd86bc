import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePort, isFree } from '../process/freePort.js';
import { missingSearchAttributes, searchAttributeFlags } from './searchAttributes.js';
import { spawnGuarded } from './spawnGuarded.js';

export interface DevServerOptions {
  cliPath: string;
  port: number;
  /** Null: no Web UI. */
  uiPort: number | null;
  namespace: string;
  /** Where the UI has payloads decrypted; absent or null: nowhere. */
  codecEndpoint?: string | null;
  /** File that keeps the state; null: in memory. */
  stateFile: string | null;
  dynamicConfig?: Record<string, unknown>;
  say: (sentence: string) => void;
}

export interface DevServer {
  address: string;
  uiUrl: string | null;
  /** Stops the server and waits until it is gone. */
  stop(): Promise<void>;
}

/** Something else listens on a port. The message says which port and what to do. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/**
 * Waiting calls of different fairness keys alternate. One partition makes their order exact.
 * Source: Temporal Server 1.32, dynamic configuration.
 */
const fairOrder = {
  'matching.enableFairness': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

/**
 * How many times a second the server reads its internal queues, for each history shard. It has one shard
 * here, and a call leaves a dozen tasks there. With the default of 20, a few calls a second wait up to 50 ms
 * at each step.
 * Source: Temporal Server 1.32, dynamic configuration.
 */
const promptQueues = {
  'history.transferProcessorMaxPollRPS': 500,
  'history.timerProcessorMaxPollRPS': 500,
  'history.visibilityProcessorMaxPollRPS': 100,
};

const host = '127.0.0.1';
const startsWithinMs = 30_000;

/**
 * Starts Temporal's dev server and waits until it serves the namespace with our search attributes. It ends
 * with this process. If it dies by itself, it is started again; without a state file it has then lost its
 * data.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const ports = [
    { port: options.port, what: 'Temporal dev server', variable: 'RINGTRUE_TEMPORAL_PORT' },
    { port: options.uiPort, what: 'Temporal Web UI', variable: 'RINGTRUE_TEMPORAL_UI_PORT' },
  ];
  for (const { port, what, variable } of ports) {
    if (port !== null && !(await isFree(host, port)))
      throw new PortTaken(
        `Port ${port} is in use, so the ${what} cannot listen there: stop what listens on it, or set ${variable} to another port` +
          `${variable === 'RINGTRUE_TEMPORAL_PORT' ? `, or TEMPORAL_ADDRESS=${host}:${port} to use the Temporal server that runs there` : ''}.`,
      );
  }
  if (options.stateFile !== null) await mkdir(dirname(options.stateFile), { recursive: true });
  const args = argumentsOf(options, await freePort(host));
  let stopping = false;
  let child = await start();

  async function start(): Promise<ChildProcess> {
    const started = spawnGuarded(options.cliPath, args);
    const lastLines: string[] = [];
    if (started.stderr)
      createInterface({ input: started.stderr }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > 20) lastLines.shift();
      });
    const gone = new Promise<string>((resolve) => {
      started.once('error', (error) => resolve(error.message));
      started.once('close', () => resolve(lastLines.join('\n')));
    });
    const trouble = await Promise.race([
      gone,
      waitUntilHealthy(`${host}:${options.port}`, options.namespace, started),
    ]);
    if (trouble !== null) {
      await end(started);
      throw new Error(
        `The Temporal dev server (${options.cliPath}) did not start. Its last output:\n${trouble}`,
      );
    }
    started.once('exit', () => {
      if (!stopping) void startAgain(lastLines.at(-1) ?? 'no output');
    });
    return started;
  }

  async function startAgain(why: string): Promise<void> {
    options.say(`The Temporal dev server died (${why}) and is started again.`);
    for (let seconds = 1; !stopping; seconds = Math.min(seconds * 2, 30)) {
      try {
        child = await start();
        if (stopping) await end(child);
        else options.say('The Temporal dev server is back.');
        return;
      } catch (error) {
        options.say(`${(error as Error).message} Next try in ${seconds} s.`);
        await pause(seconds * 1000, undefined, { ref: false });
      }
    }
  }

  return {
    address: `${host}:${options.port}`,
    uiUrl: options.uiPort === null ? null : `http://${host}:${options.uiPort}`,
    stop: () => {
      stopping = true;
      return end(child);
    },
  };
}

function argumentsOf(options: DevServerOptions, httpPort: number): string[] {
  const flags: [string, string | number][] = [
    ['--ip', host],
    ['--port', options.port],
    ['--http-port', httpPort],
    ['--namespace', options.namespace],
    ['--log-level', 'warn'],
  ];
  if (options.uiPort !== null) flags.push(['--ui-port', options.uiPort]);
  if (options.codecEndpoint) flags.push(['--ui-codec-endpoint', options.codecEndpoint]);
  if (options.stateFile !== null)
    flags.push(
      ['--db-filename', options.stateFile],
      // 2.5 times the throughput of SQLite's defaults. A killed process loses nothing.
      ['--sqlite-pragma', 'journal_mode=wal'],
      ['--sqlite-pragma', 'synchronous=normal'],
    );
  for (const flag of searchAttributeFlags) flags.push(['--search-attribute', flag]);
  for (const [key, value] of Object.entries({ ...fairOrder, ...promptQueues, ...options.dynamicConfig }))
    flags.push(['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]);
  const switches = options.uiPort === null ? ['--headless'] : ['--ui-disable-news-fetch'];
  return ['server', 'start-dev', ...switches, ...flags.flatMap(([name, value]) => [name, String(value)])];
}

/** Null once the server serves; what is wrong if it does not in time. */
async function waitUntilHealthy(
  address: string,
  namespace: string,
  child: ChildProcess,
): Promise<string | null> {
  const connection = Connection.lazy({ address });
  const deadline = Date.now() + startsWithinMs;
  let last = '';
  try {
    while (Date.now() < deadline && child.exitCode === null) {
      try {
        const ask = () => missingSearchAttributes(connection, namespace);
        const missing = await connection.withDeadline(Date.now() + 2000, ask);
        if (missing.length === 0) return null;
        last = `search attributes are missing: ${missing.join(', ')}`;
      } catch (error) {
        last = (error as Error).message;
      }
      await pause(50);
    }
  } finally {
    await connection.close();
  }
  return `It did not serve within ${startsWithinMs / 1000} s: ${last}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  await gone;
}
