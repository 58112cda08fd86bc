import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { AccountEngines } from '../calls/accountEngines.js';
import { type ControlView, controlView } from '../calls/controlView.js';
import type { SimulatorOptions } from '../simulatorOptions.js';
import { createSimulator } from './createSimulator.js';

export interface RunningSimulator {
  /** The origin for `TWILIO_BASE_URL`. */
  url: string;
  port: number;
  /** Every call that it made, newest first. */
  calls(): ControlView[];
  /** From now on, calls to `to` do what the digits of `other` say. Null: those of its own again. */
  behaveLike(to: string, other: string | null): void;
  /** Forgets every call, count and behavior that was set, and ends all running calls. */
  reset(): void;
  /** Cuts every connection, forgets every call, and resolves once the port is free. */
  close(): Promise<void>;
}

/**
 * Starts the Twilio simulator. Throws if options are wrong or it cannot listen on the port; the message says
 * which.
 */
export async function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const faults = faultsOf(options);
  if (faults.length > 0) throw new Error(`The simulator cannot start: ${faults.join('; ')}.`);
  const host = options.host ?? '127.0.0.1';
  const engines = new AccountEngines(options);
  const server = createAdaptorServer({ fetch: createSimulator(options, engines).fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(listenError(error, host, options.port ?? 0)),
    );
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : name}:${port}`,
    port,
    calls: () => engines.all().flatMap(({ book }) => book.all().map(controlView)),
    behaveLike: (to, other) => engines.behaveLike(to, other),
    reset: () => engines.reset(),
    close: () =>
      new Promise<void>((resolve, reject) => {
        engines.stop();
        server.close((error) => (error ? reject(error) : resolve()));
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function faultsOf({ accountSid, authToken, callsPerSecond, speed }: SimulatorOptions): string[] {
  const faults: string[] = [];
  if (!/^AC[0-9a-fA-F]{32}$/.test(accountSid)) faults.push('accountSid must be AC and 32 hexadecimal digits');
  if (authToken === '') faults.push('authToken must not be empty');
  if (callsPerSecond !== undefined && !(callsPerSecond > 0)) faults.push('callsPerSecond must be above 0');
  if (speed !== undefined && !(speed > 0)) faults.push('speed must be above 0');
  return faults;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const place = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new Error(
      `The simulator cannot listen on ${place}: another program does. Stop it, or choose another port.`,
      { cause: error },
    );
  }
  return new Error(`The simulator cannot listen on ${place}: ${error.message}.`, { cause: error });
}
