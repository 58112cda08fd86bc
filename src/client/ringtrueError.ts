import type { CallOutcome, CallState, Problem } from './apiTypes.js';

/** Why a request to the API did not succeed. Every error of this client is one, except an abort of your own. */
export class RingtrueError extends Error {
  override readonly name: string = 'RingtrueError';
  /** HTTP status of the answer. Null if there was none. */
  readonly status: number | null = null;
  /** The problem that the API answered, with every fault of the request. Null if it answered none. */
  readonly problem: Problem | null = null;
}

/** The API answered with an error. `message` has its title, its detail and every fault. */
export class ProblemError extends RingtrueError {
  override readonly name = 'ProblemError';
  override readonly status: number;
  override readonly problem: Problem | null;
  /** After how many seconds the API wants the request again. Null if it did not say. */
  readonly retryAfterSeconds: number | null;
  /**
   * True: the connection broke during an earlier try of this request. The API may have carried that one out, and
   * refuses the repeat for that reason.
   */
  readonly mayBeDone: boolean;

  constructor(answer: {
    baseUrl: string;
    status: number;
    problem: Problem | null;
    retryAfterSeconds: number | null;
    mayBeDone: boolean;
  }) {
    super(messageOf(answer));
    this.status = answer.status;
    this.problem = answer.problem;
    this.retryAfterSeconds = answer.retryAfterSeconds;
    this.mayBeDone = answer.mayBeDone;
  }
}

/** No answer came: the API cannot be reached, or the connection broke, or it took too long. */
export class ConnectionError extends RingtrueError {
  override readonly name = 'ConnectionError';

  constructor(baseUrl: string, cause: unknown) {
    super(`The API at ${baseUrl} cannot be reached (${reasonOf(cause)}).`, { cause });
  }
}

/** The call was not over in time. It goes on: wait again, or cancel it. */
export class WaitTimeoutError extends RingtrueError {
  override readonly name = 'WaitTimeoutError';
  /** The last state, such as `ringing`. Null if none is known. */
  readonly state: CallState['state'] | null;

  constructor(
    readonly callId: string,
    /** The last state that the API showed. Null if it could not be reached all the time. */
    readonly call: CallState | null,
    waitedSeconds: number,
    /** Why the API could not be read last. Null if it could. */
    override readonly cause: RingtrueError | null,
  ) {
    const waitingFor = call?.waitingFor == null ? '' : `, and it waits for ${call.waitingFor}`;
    const state = call === null ? 'Its state is not known' : `Its last state was ${call.state}${waitingFor}`;
    const why = cause === null ? '' : ` ${cause.message}`;
    super(
      `The call ${callId} was not over after ${waitedSeconds} seconds. ${state}.${why} It goes on: wait again.`,
    );
    this.state = call?.state ?? null;
  }
}

/** The call is over and nobody knows its outcome: its workflow ended without one. */
export class NoOutcomeError extends RingtrueError {
  override readonly name = 'NoOutcomeError';
  readonly callId: string;

  constructor(readonly call: CallState & { outcome: CallOutcome | null }) {
    super(call.error ?? `The call ${call.callId} ended without an outcome.`);
    this.callId = call.callId;
  }
}

/** Problem details as text for people, each fault on a line of its own. Source: RFC 9457. */
function messageOf({
  baseUrl,
  status,
  problem,
  mayBeDone,
}: {
  baseUrl: string;
  status: number;
  problem: Problem | null;
  mayBeDone: boolean;
}): string {
  if (problem === null) return `${baseUrl} answered ${status}, but not like the calls API.`;
  const { title, detail, faults = [] } = problem;
  const lines = faults.map(({ path, message, row, line }) => {
    const place = row === undefined ? '' : `row ${row}${line === undefined ? '' : `, line ${line}`}: `;
    return `  - ${place}${path || (row === undefined ? 'the request' : 'the row')} ${message}`;
  });
  const doubt = mayBeDone
    ? ' An earlier try of this request got no answer: it may have been carried out.'
    : '';
  return [`${title} (${status}). ${detail ?? ''}${doubt}`.trimEnd(), ...lines].join('\n');
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
