import type {
  CallOutcome,
  CallPage,
  CallRequest,
  CallState,
  ControlledCall,
  DryRun,
  ListCallsQuery,
  StartedCall,
} from './apiTypes.js';
import { type Pages, pagesOf } from './pages.js';
import { NoOutcomeError, ProblemError, RingtrueError, WaitTimeoutError } from './ringtrueError.js';
import { type CallOptions, type CreateOptions, pauseFor, type Transport } from './transport.js';

/** A call that was started. */
export interface CreatedCall extends StartedCall {
  /** True: an earlier request with the same Idempotency-Key had started it, so nothing new is dialed. */
  repeated: boolean;
}

/** Selects recorded calls. */
export interface CallFilter extends Omit<ListCallsQuery, 'metadata.KEY' | 'cursor'> {
  /** Only calls with all these texts in their metadata. */
  metadata?: Readonly<Record<string, string>> | undefined;
}

export interface WaitOptions extends CallOptions {
  /** How long to wait. Default 3600. */
  timeoutSeconds?: number | undefined;
  /** Called with the first state, and with each later one that differs. */
  onState?: ((call: CallState) => void) | undefined;
}

/** Proxies commonly end a request after a minute, and the API answers before. */
const longestWaitSeconds = 50;
/** With a listener, changes are seen so late at most. */
const watchSeconds = 1;

/** `ringtrue.calls`: start calls, follow them, control them. */
export class CallsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Starts a call. It rings once at most, however often this is repeated with the same key, and whatever breaks on
   * the way.
   */
  async create(request: CallRequest, options: CreateOptions = {}): Promise<CreatedCall> {
    const { idempotencyKey = crypto.randomUUID(), signal } = options;
    const answer = await this.#transport.json<StartedCall>({
      method: 'POST',
      path: '/calls',
      body: request,
      idempotencyKey,
      signal,
    });
    return { ...answer.body, repeated: answer.status === 200 && !answer.mayBeDone };
  }

  /** What would become of this call. Nothing is dialed. */
  async dryRun(request: CallRequest, options: CallOptions = {}): Promise<DryRun> {
    const query = { dryRun: true };
    const { body } = await this.#transport.json<DryRun>({
      ...options,
      method: 'POST',
      path: '/calls',
      query,
      body: request,
    });
    return body;
  }

  /** The state of a call. With `waitSeconds`, 60 at most: answers once the call is over, or after that time. */
  async get(
    callId: string,
    { signal, waitSeconds }: CallOptions & { waitSeconds?: number | undefined } = {},
  ): Promise<CallState> {
    const query = { wait: waitSeconds };
    const request = { method: 'GET', path: pathOf(callId), query, waitSeconds, signal } as const;
    return (await this.#transport.json<CallState>(request)).body;
  }

  /**
   * Waits until the call is over, also while the API restarts or is away, and returns its outcome.
   *
   * Throws `WaitTimeoutError` with the call id and the last state if that takes longer; the call goes on. Throws
   * `NoOutcomeError` if the call ended without an outcome, and `ProblemError` if there is no such call.
   */
  async waitForOutcome(
    callId: string,
    { timeoutSeconds = 3600, signal, onState }: WaitOptions = {},
  ): Promise<CallOutcome> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    let last: CallState | null = null;
    let failure: RingtrueError | null = null;
    let shown = '';
    let failures = 0;
    do {
      const began = Date.now();
      const leftSeconds = Math.max(0, (deadline - began) / 1000);
      const longest = onState === undefined ? longestWaitSeconds : watchSeconds;
      // The first answer comes at once for a listener: even a short call shows its progress.
      const waitSeconds = onState !== undefined && last === null ? 0 : Math.min(leftSeconds, longest);
      let pauseMs = 0;
      try {
        last = await this.#read(callId, waitSeconds, signal);
        failure = null;
        failures = 0;
        if (last.outcome !== null) return last.outcome;
        if (last.state === 'done') throw new NoOutcomeError(last);
        const { state, waitingFor, attempts } = last;
        const now = JSON.stringify([state, waitingFor, attempts.length]);
        if (now !== shown) onState?.(last);
        shown = now;
        // A proxy may not pass `wait` on.
        if (Date.now() - began < waitSeconds * 500) pauseMs = 1000;
      } catch (error) {
        if (!(error instanceof RingtrueError) || !mayPass(error, last !== null)) throw error;
        failure = error;
        pauseMs = pauseAfter(error, failures++);
      }
      if (Date.now() + pauseMs > deadline) break;
      await pauseFor(pauseMs, signal);
    } while (Date.now() < deadline);
    throw new WaitTimeoutError(callId, last, timeoutSeconds, failure);
  }

  /** Recorded calls that match, newest first. Reads page after page as the loop needs them. */
  list(filter: CallFilter = {}, options: CallOptions = {}): Pages<CallState> {
    return pagesOf(async (cursor) => {
      const { calls, nextCursor } = await this.page({ ...filter, cursor }, options);
      return { items: calls, nextCursor };
    });
  }

  /** One page of `list`. */
  async page(
    { metadata, ...filter }: CallFilter & { cursor?: string | undefined } = {},
    options: CallOptions = {},
  ): Promise<CallPage> {
    const ofMetadata = Object.entries(metadata ?? {}).map(([key, text]) => [`metadata.${key}`, text]);
    const query = { ...filter, ...Object.fromEntries(ofMetadata) };
    return (await this.#transport.json<CallPage>({ ...options, method: 'GET', path: '/calls', query })).body;
  }

  /** No further attempt begins. A call at Twilio is canceled or hung up there, and what Twilio reports counts. */
  cancel(
    callId: string,
    options: CallOptions & { reason?: string | undefined } = {},
  ): Promise<ControlledCall> {
    return this.#control(callId, 'cancel', reasonIn(options), options);
  }

  /** Begins the next attempt now. Only while the call waits to retry. */
  retry(callId: string, options: CallOptions = {}): Promise<ControlledCall> {
    return this.#control(callId, 'retry', undefined, options);
  }

  /** No further attempt begins until the call is resumed. */
  pause(
    callId: string,
    options: CallOptions & { reason?: string | undefined } = {},
  ): Promise<ControlledCall> {
    return this.#control(callId, 'pause', reasonIn(options), options);
  }

  resume(callId: string, options: CallOptions = {}): Promise<ControlledCall> {
    return this.#control(callId, 'resume', undefined, options);
  }

  /** Moves the next attempt. A time in the past means now. */
  reschedule(
    callId: string,
    { at, ...options }: CallOptions & { at: string | Date },
  ): Promise<ControlledCall> {
    const time = typeof at === 'string' ? at : at.toISOString();
    return this.#control(callId, 'reschedule', { at: time }, options);
  }

  async #read(callId: string, waitSeconds: number, signal: AbortSignal | undefined): Promise<CallState> {
    const answer = await this.#transport.json<CallState>({
      method: 'GET',
      path: pathOf(callId),
      query: waitSeconds > 0 ? { wait: waitSeconds.toFixed(1) } : {},
      waitSeconds,
      signal,
      maxRetries: 0,
    });
    return answer.body;
  }

  async #control(
    callId: string,
    name: 'cancel' | 'retry' | 'pause' | 'resume' | 'reschedule',
    body: object | undefined,
    { signal }: CallOptions,
  ): Promise<ControlledCall> {
    const { body: answer } = await this.#transport.json<ControlledCall>({
      method: 'POST',
      path: `${pathOf(callId)}/${name}`,
      body,
      signal,
      // A second `retry` may begin one attempt more.
      repeatable: name !== 'retry',
    });
    return answer;
  }
}

function pathOf(callId: string): string {
  return `/calls/${encodeURIComponent(callId)}`;
}

function reasonIn({ reason }: { reason?: string | undefined }): object | undefined {
  return reason === undefined ? undefined : { reason };
}

/**
 * May the same request succeed later? What is no problem of the API comes from a proxy: while the API restarts it may
 * answer anything, and otherwise the address is wrong.
 */
function mayPass(error: RingtrueError, wasSeen: boolean): boolean {
  if (error instanceof NoOutcomeError) return false;
  if (!(error instanceof ProblemError)) return true;
  return error.status === 429 || error.status >= 500 || (error.problem === null && wasSeen);
}

function pauseAfter(error: RingtrueError, failures: number): number {
  const after = error instanceof ProblemError ? error.retryAfterSeconds : null;
  return after === null ? Math.min(250 * 2 ** failures, 5000) : Math.min(Math.max(after, 1), 60) * 1000;
}
