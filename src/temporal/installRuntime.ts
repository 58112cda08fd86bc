import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Log } from '../process/log.js';

/** The dial worker has no workflows on purpose, and the SDK warns about it at every start. */
const expectedWarning = /^No workflows registered/;

/**
 * Installs Temporal's runtime, once in a process and before anything connects. Its log goes into ours. It
 * does not handle signals: the process stops its parts itself, in order.
 */
export function installRuntime(log: Log, metricsAddress: string | null): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  const temporalLog = log.child({ from: 'temporal' });
  Runtime.install({
    logger: new DefaultLogger(log.isLevelEnabled('debug') ? 'DEBUG' : 'INFO', ({ level, message, meta }) => {
      // "Worker state changed" and the like help only with debugging.
      const quiet = (level === 'INFO' && meta?.sdkComponent === 'worker') || expectedWarning.test(message);
      const { taskToken: _, ...fields } = { ...meta };
      temporalLog[quiet ? 'debug' : levels[level]](fields, message);
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
