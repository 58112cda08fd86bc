import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { missingSearchAttributes, searchAttributeFlags } from '../../src/temporal/searchAttributes.js';
import { spawnGuarded } from '../../src/temporal/spawnGuarded.js';
import { heldPort } from './heldPort.js';
import type { Part } from './part.js';

export interface TemporalServer extends Part {
  address: string;
  end(): Promise<void>;
}

/**
 * A Temporal dev server with its state in a file, as `ringtrue dev` runs it. When it is killed it stays down
 * until it is started again.
 */
export async function temporalServer(cliPath: string, stateFile: string): Promise<TemporalServer> {
  const port = await heldPort();
  const httpPort = await heldPort();
  const address = `127.0.0.1:${port}`;
  const flags = [
    ...['--ip', '127.0.0.1', '--port', String(port), '--http-port', String(httpPort), '--headless'],
    ...['--log-level', 'warn', '--db-filename', stateFile],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...searchAttributeFlags.flatMap((flag) => ['--search-attribute', flag]),
  ];
  let child: ChildProcess | null = null;
  let output = '';

  const part: TemporalServer = {
    address,
    async start() {
      const started = spawnGuarded(cliPath, ['server', 'start-dev', ...flags]);
      started.stderr?.on('data', (chunk) => {
        output += chunk;
      });
      child = started;
    },
    async kill() {
      // Kills the whole group, because the guard would end the server gently.
      await goneAfter(() => process.kill(-(child?.pid as number), 'SIGKILL'));
    },
    async stop() {
      await goneAfter(() => child?.stdin?.end());
    },
    freeze() {
      process.kill(-(child?.pid as number), 'SIGSTOP');
    },
    unfreeze() {
      process.kill(-(child?.pid as number), 'SIGCONT');
    },
    async isReady() {
      const connection = Connection.lazy({ address });
      try {
        const ask = () => missingSearchAttributes(connection, 'default');
        return (await connection.withDeadline(Date.now() + 2_000, ask)).length === 0;
      } catch {
        return false;
      } finally {
        await connection.close();
      }
    },
    output: () => output,
    end: () => part.stop(),
  };

  async function goneAfter(end: () => void): Promise<void> {
    const exiting = child;
    if (!exiting || exiting.exitCode !== null || exiting.signalCode !== null) return;
    const gone = once(exiting, 'exit');
    end();
    await gone;
    // The server may outlive its guard for a moment, and holds its port and file until then.
    while (!(await isGone(exiting.pid as number))) await pause(20);
  }

  return part;
}

async function isGone(group: number): Promise<boolean> {
  try {
    process.kill(-group, 0);
    return false;
  } catch {
    return true;
  }
}
