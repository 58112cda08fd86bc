import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Log } from '../process/log.js';

/**
 * Installs Temporal's runtime, once in a process and before anything connects: its log goes into ours, and it
 * leaves signals to us, since a process has more to stop than workers, and in order.
 */
export function installRuntime(log: Log, metricsAddress: string | null): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  const temporalLog = log.child({ from: 'temporal' });
  Runtime.install({
    logger: new DefaultLogger(log.isLevelEnabled('debug') ? 'DEBUG' : 'INFO', ({ level, message, meta }) => {
      // "Worker state changed" and the like is news to nobody but who debugs.
      const quiet = level === 'INFO' && meta?.sdkComponent === 'worker';
      temporalLog[quiet ? 'debug' : levels[level]]({ ...meta }, message);
    }),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      ...(metricsAddress === null
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metricsAddress,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
  });
}
