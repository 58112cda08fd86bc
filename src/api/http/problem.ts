import { ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import type { Fault } from '../../../activities/validation/fault.js';
import type { ApiContext } from './apiDependencies.js';

/** Every way in which the API says no. `type` of a problem is `urn:ringtrue:problem:` and one of these names. */
export const problems = {
  'not-json': { status: 400, title: 'The body is not JSON' },
  'bad-request': { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  'not-local': { status: 403, title: 'Without tokens only this machine is served' },
  'bad-signature': { status: 403, title: 'Not signed by Twilio' },
  'no-such-call': { status: 404, title: 'No such call' },
  'not-listed': { status: 404, title: 'The number is not on this list' },
  'no-such-dead-letter': { status: 404, title: 'No such dead letter' },
  'no-such-batch': { status: 404, title: 'No such batch' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'This method is not served here' },
  'state-conflict': { status: 409, title: "The call's state does not allow it" },
  'batch-conflict': { status: 409, title: "The batch's state does not allow it" },
  'key-reused': { status: 409, title: 'The Idempotency-Key belongs to another request' },
  'resend-conflict': { status: 409, title: 'There is nothing to send again' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has the wrong content type' },
  'invalid-request': { status: 422, title: 'The request is not valid' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'Internal error' },
  'temporal-unavailable': { status: 503, title: 'Temporal cannot be used now' },
  'store-unavailable': { status: 503, title: 'The outcome store cannot be used now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problems;

/** Seconds after which a client may try again what was answered 503. */
const retryAfterSeconds = 5;

export interface ProblemExtras {
  faults?: Fault[];
  /** How many there are, when only the first of them are named. */
  totalFaults?: number;
  callId?: string;
  batchId?: string;
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
    `The request has ${count}, named in faults; correct it and send it again.`,
    {
      faults,
    },
  );
}

/** What a handler threw, as a problem: a dependency that is away is 503, everything unforeseen 500 and logged. */
export function problemOf(c: ApiContext, error: unknown, log: Logger): Response {
  const requestId = c.get('requestId');
  if (c.env?.incoming?.complete === false && c.req.raw.signal.aborted)
    return problem(c, 'bad-request', 'The connection ended before the request was there as a whole.');
  if (error instanceof StoreUnavailable) {
    log.error({ err: error, requestId }, 'the outcome store is unavailable');
    return problem(
      c,
      'store-unavailable',
      'The outcome store cannot be reached, and without it the answer might be wrong. Try again in a moment.',
    );
  }
  if (isTemporalUnavailable(error)) {
    log.error({ err: error, requestId }, 'Temporal is unavailable');
    return problem(
      c,
      'temporal-unavailable',
      'Temporal did not do in time what this request needs. Try again in a moment.',
    );
  }
  if (error instanceof HTTPException && error.status < 500)
    return problem(c, 'bad-request', error.message || 'The request cannot be read.');
  log.error({ err: error, requestId }, 'a request failed in an unforeseen way');
  return problem(
    c,
    'internal-error',
    'Something went wrong that nobody foresaw. The log of the API has the details under this requestId.',
  );
}

/** Did Temporal not answer, not in time, or refuse to serve? Answers about one workflow have classes of their own. */
export function isTemporalUnavailable(error: unknown): boolean {
  return (
    error instanceof ServiceError ||
    error instanceof NamespaceNotFoundError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError
  );
}
