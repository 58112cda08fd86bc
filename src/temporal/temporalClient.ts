import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type ConnectionOptions, isGrpcServiceError } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { TemporalSettings } from '../config/configurationReader.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { retryForever } from '../process/retryForever.js';
import {
  howToRegister,
  missingSearchAttributes,
  NoSearchAttributeSlot,
  type OperatorConnection,
  registerSearchAttributes,
} from './searchAttributes.js';

const answersWithinMs = 2000;
/** Source: gRPC status codes. */
const grpcStatus = { DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, PERMISSION_DENIED: 7, UNAVAILABLE: 14 } as const;

/** A client that connects with its first request, so that a process can start while Temporal is away. */
export function lazyClient(temporal: TemporalSettings, dataConverter: DataConverter = {}): Client {
  return new Client({
    connection: Connection.lazy(connectionOptions(temporal)),
    namespace: temporal.namespace,
    dataConverter,
  });
}

/** For the connections of clients. */
export function connectionOptions({ connection }: TemporalSettings): ConnectionOptions {
  // gRPC for Node would take a proxy from HTTPS_PROXY, and the worker's connection would not.
  return { ...connection, channelArgs: { 'grpc.enable_http_proxy': 0 } };
}

/** Throws an `Error` for readiness unless Temporal serves our namespace. */
export async function checkTemporal(client: Client, temporal: TemporalSettings): Promise<void> {
  const { namespace } = temporal;
  const describe = () => client.connection.workflowService.describeNamespace({ namespace });
  const answer = client.withDeadline(Date.now() + answersWithinMs, describe).then(
    () => null,
    (error) => `does not serve: ${errorText(error)}`,
  );
  // The deadline does not cover the time in which the connection is made.
  const trouble = await Promise.race([answer, pause(answersWithinMs, 'gives no answer', { ref: false })]);
  if (trouble !== null) throw new Error(`${describeServer(temporal)} ${trouble}`);
}

/**
 * Registers our search attributes, and tries until the namespace has them. Without them a workflow hangs as
 * soon as it sets one, so workers wait for this. `readiness` shows what is missing. If the server does not
 * let us list them, logs a warning and returns: they may be there.
 */
export async function ensureSearchAttributes(
  connection: OperatorConnection,
  parts: { temporal: TemporalSettings; log: Log; readiness: Readiness; signal: AbortSignal },
): Promise<void> {
  const { temporal, log, readiness } = parts;
  const { namespace } = temporal;
  readiness.report('searchAttributes', 'not asked yet');
  const register = () => registerIfListed(connection, namespace);
  const added = await retryForever(() => connection.withDeadline(Date.now() + 10_000, register), {
    signal: parts.signal,
    onFailure: (error, seconds) => {
      if (isNamespaceMissing(error)) {
        const trouble = noNamespace(temporal);
        readiness.report('searchAttributes', trouble);
        log.error(`${trouble} Next try in ${seconds} s.`);
        return;
      }
      const trouble = `the search attributes in namespace ${namespace} are not registered: ${errorText(error).replace(/\.$/, '')}`;
      readiness.report('searchAttributes', trouble);
      const hint = needsNoHint(error) ? '' : `: ${howToRegister(namespace)}`;
      log.error(`${trouble}. No call is worked on until they are${hint}. Next try in ${seconds} s.`);
    },
  });
  if (added === null) log.warn(notListed(namespace));
  else if (added.length > 0)
    log.info(`Registered the search attributes ${added.join(', ')} in namespace ${namespace}.`);
  readiness.report('searchAttributes', null);
}

/** Registers the missing search attributes. Null: the server does not even let us list them. */
export async function registerIfListed(
  connection: OperatorConnection,
  namespace: string,
): Promise<string[] | null> {
  try {
    return await registerSearchAttributes(connection, namespace);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    return missingSearchAttributes(connection, namespace).then(
      () => Promise.reject(error),
      (listError) => (isPermissionDenied(listError) ? null : Promise.reject(listError)),
    );
  }
}

export function notListed(namespace: string): string {
  return `Temporal does not let ringtrue list the search attributes of namespace ${namespace}. If one is missing, calls hang: check them with \`temporal operator search-attribute list\`.`;
}

/** Does the error itself say what to do? To register the attributes by hand would not help. */
export function needsNoHint(error: unknown): boolean {
  return error instanceof NoSearchAttributeSlot || isTemporalAway(error);
}

/** Did Temporal answer that it has no such namespace? */
export function isNamespaceMissing(error: unknown): boolean {
  return hasStatus(error, grpcStatus.NOT_FOUND) && /namespace/i.test(errorText(error));
}

export function noNamespace({ namespace, address }: TemporalSettings): string {
  return `Temporal at ${address} has no namespace ${namespace}. Is TEMPORAL_NAMESPACE right? Else create it: temporal operator namespace create --namespace ${namespace}.`;
}

/** Did Temporal not answer at all? */
export function isTemporalAway(error: unknown): boolean {
  return hasStatus(error, grpcStatus.UNAVAILABLE) || hasStatus(error, grpcStatus.DEADLINE_EXCEEDED);
}

function isPermissionDenied(error: unknown): boolean {
  return hasStatus(error, grpcStatus.PERMISSION_DENIED);
}

function hasStatus(error: unknown, status: number): boolean {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return [error, cause].some((one) => isGrpcServiceError(one) && one.code === status);
}

export function describeServer({ address, namespace }: TemporalSettings): string {
  return `Temporal at ${address}, namespace ${namespace}`;
}

/** What the server answered. The SDK's own messages are general. */
export function errorText(error: unknown): string {
  if (hasStatus(error, grpcStatus.DEADLINE_EXCEEDED)) return 'it gave no answer in time';
  const { message, details, cause } = error as { message?: string; details?: string; cause?: unknown };
  if (details) return details;
  return cause instanceof Error ? `${message} (${errorText(cause)})` : (message ?? String(error));
}
