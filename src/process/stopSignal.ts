import { constants } from 'node:os';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes Ctrl-C on although the terminal has sent it already: two signals within this time are one. */
const sameSignalMs = 500;

/** Aborted when the process is told to stop. Told a second time, it ends at once. */
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

/** The process was told to stop. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor(readonly by: string) {
    super(`told to stop by ${by}`);
  }
}

export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
