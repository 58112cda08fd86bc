import { ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { z } from 'zod';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import { LostCursor } from '../../../activities/store/events/eventFeed.js';
import { SchemaTooNew } from '../../../activities/store/migrate.js';
import { type Fault, show } from '../../../activities/validation/fault.js';
import { MissingEncryptionKey } from '../../encryption/encryptionCodec.js';
import type { ApiContext } from './apiDependencies.js';

/**
 * Every problem that the API answers. The `type` of a problem is `urn:ringtrue:problem:` and one of these
 * names.
 */
export const problems = {
  'not-json': { status: 400, title: 'The body is not JSON' },
  'bad-request': { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  'wrong-role': { status: 403, title: "The token's role does not allow this" },
  'not-local': { status: 403, title: 'Without tokens the API serves only this machine' },
  'bad-signature': { status: 403, title: 'The request is not signed by Twilio' },
  'no-such-call': { status: 404, title: 'No such call' },
  'not-listed': { status: 404, title: 'The number is not on this list' },
  'no-such-dead-letter': { status: 404, title: 'No such dead letter' },
  'no-such-erasure': { status: 404, title: 'No such erasure' },
  'no-such-bulk-operation': { status: 404, title: 'No such bulk operation' },
  'no-such-batch': { status: 404, title: 'No such batch' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'This path does not serve this method' },
  'state-conflict': { status: 409, title: "The call's state does not allow it" },
  'batch-conflict': { status: 409, title: "The batch's state does not allow it" },
  'erasure-conflict': { status: 409, title: 'The number is being called' },
  'bulk-conflict': { status: 409, title: 'The bulk operation is not possible now' },
  'key-reused': { status: 409, title: 'The Idempotency-Key belongs to another request' },
  'resend-conflict': { status: 409, title: 'The notification cannot be sent again' },
  'call-removed': { status: 410, title: 'The record of the call was removed' },
  'lost-cursor': { status: 410, title: 'The event feed cannot go on after this cursor without a gap' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has the wrong content type' },
  'invalid-request': { status: 422, title: 'The request is not valid' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'Internal error' },
  'key-missing': { status: 503, title: 'An encryption key is missing' },
  'temporal-unavailable': { status: 503, title: 'Temporal is not available' },
  'store-unavailable': { status: 503, title: 'The outcome store is not available' },
  'account-unavailable': { status: 503, title: 'The Twilio account is not configured' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problems;

export const problemSchema = z
  .object({
    type: z.enum(Object.keys(problems).map((name) => `urn:ringtrue:problem:${name}`)),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What, on what, why, and what to do now.' }),
    instance: z.string().meta({ description: 'The path of the request.' }),
    requestId: z.string().meta({ description: 'As in the header X-Request-Id and in the log.' }),
    callId: z.string().exactOptional().meta({ description: 'The call in question, if there is one.' }),
    callIds: z
      .array(z.string())
      .exactOptional()
      .meta({ description: 'Of an erasure: what it would have to wait for.' }),
    batchId: z.string().exactOptional().meta({ description: 'The batch in question, if there is one.' }),
    next: z.string().exactOptional().meta({
      description: 'Of the event feed: the cursor with which to go on behind the gap, if there is one.',
    }),
    totalFaults: z.int().exactOptional().meta({
      description: 'Of a batch: how many faults there are. `faults` names the first 100.',
    }),
    faults: z
      .array(
        z.object({
          row: z.int().exactOptional().meta({
            description: 'Of a batch: the row, from 1. 0 is the header of a CSV file.',
          }),
          line: z.int().exactOptional().meta({ description: 'Of a CSV file: the line, from 1.' }),
          column: z.nullable(z.string()).exactOptional().meta({
            description: 'Of a batch: the column. Null: the whole row.',
          }),
          path: z.string().meta({ description: 'Dotted. Empty: the request as a whole.' }),
          message: z.string(),
        }),
      )
      .exactOptional()
      .meta({ description: 'With 422: every fault of the request.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details, RFC 9457.' });

/** Seconds after which a client may repeat a request that was answered 503. */
const retryAfterSeconds = 5;

export interface ProblemExtras {
  faults?: Fault[];
  /** How many faults there are, if `faults` names only the first of them. */
  totalFaults?: number;
  callId?: string;
  batchId?: string;
  callIds?: string[];
  next?: string;
  headers?: Record<string, string>;
}

/** Answers with problem details. `detail` says what, on what, why, and what to do now. Source: RFC 9457. */
export function problem(
  c: ApiContext,
  name: ProblemName,
  detail: string,
  { headers, ...members }: ProblemExtras = {},
): Response {
  const { status, title } = problems[name];
  if (status === 503) c.header('Retry-After', String(retryAfterSeconds));
  for (const [key, value] of Object.entries(headers ?? {})) c.header(key, value);
  c.header('Content-Type', 'application/problem+json');
  return c.body(
    JSON.stringify({
      type: `urn:ringtrue:problem:${name}`,
      title,
      status,
      detail,
      instance: c.req.path,
      requestId: c.get('requestId'),
      ...members,
    }),
    status,
  );
}

export function invalidRequest(c: ApiContext, faults: Fault[]): Response {
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
  return problem(
    c,
    'invalid-request',
    `The request has ${count}, named in faults. Correct it and send it again.`,
    {
      faults,
    },
  );
}

/**
 * The answer to an error that a handler threw: 422 for a bad cursor, 503 if Temporal or the store is not
 * available, else 500. Logs everything except bad cursors.
 */
export function problemOf(c: ApiContext, error: unknown, log: Logger): Response {
  const requestId = c.get('requestId');
  if (c.env?.incoming?.complete === false && c.req.raw.signal.aborted)
    return problem(c, 'bad-request', 'The connection ended before the whole request arrived.');
  if (error instanceof InvalidCursor) {
    const cursor = new URL(c.req.url).searchParams.get('cursor');
    const message = `is ${show(cursor)}, which no page gave out; must be the nextCursor of an earlier page`;
    return invalidRequest(c, [{ path: 'cursor', message }]);
  }
  if (error instanceof LostCursor)
    return problem(c, 'lost-cursor', error.message, error.next === null ? {} : { next: error.next });
  if (error instanceof SchemaTooNew) {
    log.error({ err: error, requestId }, 'the outcome store has a newer schema');
    return problem(c, 'store-unavailable', error.message);
  }
  if (error instanceof StoreUnavailable) {
    log.error({ err: error, requestId }, 'the outcome store is not available');
    return problem(
      c,
      'store-unavailable',
      `${error.message} Without the store the answer might be wrong. Try again in a moment.`,
    );
  }
  if (error instanceof MissingEncryptionKey) return problem(c, 'key-missing', `${error.message}.`);
  if (isTemporalUnavailable(error)) {
    log.error({ err: error, requestId }, 'Temporal is not available');
    return problem(c, 'temporal-unavailable', 'Temporal did not answer in time. Try again in a moment.');
  }
  if (error instanceof HTTPException && error.status < 500)
    return problem(c, 'bad-request', error.message || 'The request cannot be read.');
  log.error({ err: error, requestId }, 'a request failed unexpectedly');
  return problem(
    c,
    'internal-error',
    'The API failed unexpectedly. Its log has the details under this requestId.',
  );
}

/**
 * True if Temporal did not answer in time or refused to serve. Errors about one workflow have classes of
 * their own.
 */
export function isTemporalUnavailable(error: unknown): boolean {
  return (
    error instanceof ServiceError ||
    error instanceof NamespaceNotFoundError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError
  );
}
