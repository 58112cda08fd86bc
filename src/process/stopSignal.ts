import { constants } from 'node:os';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes Ctrl-C on although the terminal has sent it too: two signals within this time count as one. */
const sameSignalMs = 500;

/**
 * Returns a signal that is aborted when the process gets a stop signal. A second one ends the process at
 * once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let first = Number.POSITIVE_INFINITY;
  for (const name of stopSignals)
    process.on(name, () => {
      if (performance.now() - first > sameSignalMs) process.exit(128 + constants.signals[name]);
      first = Math.min(first, performance.now());
      controller.abort(new Stopped(name));
    });
  return controller.signal;
}

/** The process got a stop signal. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor(readonly by: string) {
    super(`got ${by}`);
  }
}

export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
