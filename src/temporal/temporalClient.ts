import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { TemporalSettings } from '../config/configurationReader.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { retryForever } from '../process/retryForever.js';
import {
  howToRegister,
  missingSearchAttributes,
  type OperatorConnection,
  optionalSearchAttributes,
  registerSearchAttributes,
} from './searchAttributes.js';

const answersWithinMs = 2000;

/** A client that connects with its first request: whoever has it comes up while Temporal is away. */
export function lazyClient(temporal: TemporalSettings): Client {
  return new Client({ connection: Connection.lazy(temporal.connection), namespace: temporal.namespace });
}

/** Throws a sentence unless Temporal serves our namespace. For readiness. */
export async function checkTemporal(client: Client, temporal: TemporalSettings): Promise<void> {
  const { namespace } = temporal;
  const describe = () => client.connection.workflowService.describeNamespace({ namespace });
  const answer = client.withDeadline(Date.now() + answersWithinMs, describe).then(
    () => null,
    (error) => `does not serve: ${errorText(error)}`,
  );
  // A connection that is not made yet takes its own time, whatever the deadline.
  const trouble = await Promise.race([answer, pause(answersWithinMs, 'gives no answer', { ref: false })]);
  if (trouble !== null) throw new Error(`${describeServer(temporal)} ${trouble}`);
}

/**
 * Sees to it that the namespace has our search attributes, for as long as it takes. A workflow that writes one
 * that is not there hangs, so nobody works on workflows before. What is missing stands in `readiness`.
 */
export async function ensureSearchAttributes(
  connection: OperatorConnection,
  parts: { temporal: TemporalSettings; log: Log; readiness: Readiness; signal: AbortSignal },
): Promise<void> {
  const { temporal, log, readiness } = parts;
  const { namespace } = temporal;
  readiness.report('searchAttributes', 'not looked at yet');
  const register = () =>
    registerSearchAttributes(connection, namespace).catch(async (error) => {
      const missing = await missingSearchAttributes(connection, namespace);
      if (missing.some((name) => !optionalSearchAttributes.has(name))) throw error;
      log.warn(
        `The search attributes ${missing.join(', ')} could not be registered in namespace ${namespace}: ${errorText(error)}. Calls go on, and are not found by them; to have them, ${howToRegister(namespace)}.`,
      );
      return [];
    });
  const added = await retryForever(() => connection.withDeadline(Date.now() + 10_000, register), {
    signal: parts.signal,
    onFailure: (error, seconds) => {
      const trouble = `the search attributes in namespace ${namespace} are not settled: ${errorText(error)}`;
      readiness.report('searchAttributes', trouble);
      log.error(
        `${trouble}. Nothing is worked on until they are: ${howToRegister(namespace)}. Next try in ${seconds} s.`,
      );
    },
  });
  if (added.length > 0)
    log.info(`Registered the search attributes ${added.join(', ')} in namespace ${namespace}.`);
  readiness.report('searchAttributes', null);
}

export function describeServer({ address, namespace }: TemporalSettings): string {
  return `Temporal at ${address}, namespace ${namespace}`;
}

/** What the server said; the SDK's own words are general. */
export function errorText(error: unknown): string {
  const { message, details, cause } = error as { message?: string; details?: string; cause?: unknown };
  if (details) return details;
  return cause instanceof Error ? `${message} (${errorText(cause)})` : (message ?? String(error));
}
