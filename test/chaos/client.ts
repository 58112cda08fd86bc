import { setTimeout as pause } from 'node:timers/promises';
import type { CallState } from '../../workflows/callOutcome.js';
import type { CallRequest } from '../../workflows/callRequest.js';
import type { PlannedCall } from './plan.js';

/** What the client knows of one of its calls. */
export interface PlacedCall {
  planned: PlannedCall;
  request: CallRequest;
  /** Every call id that the API returned for this key: must be one. Empty: the call was never accepted. */
  callIds: string[];
  /** The last answer, if the call was not accepted. */
  refusal: string | null;
  /** Statuses of the answers to `cancel`, in order. 0: no answer. Empty: it was not sent. */
  cancels: number[];
  /** How many requests to retry now were accepted. */
  retriesTaken: number;
  /** How many requests had to be sent again. */
  repeats: number;
}

interface Answer {
  /** 0: no answer came. */
  status: number;
  body: unknown;
}

/** How long the client waits for an answer, and for how long it repeats a request. */
const answerTimeoutMs = 6_000;
const retriesForMs = 180_000;

/**
 * A sensible client: sends a request without an answer, or with a 5xx, again with the same `Idempotency-Key`.
 */
export class Client {
  readonly placed: PlacedCall[] = [];

  constructor(
    private readonly apiUrl: string,
    private readonly calls: PlannedCall[],
  ) {}

  /** Sends all calls at their planned times, with the controls that were planned for each. */
  async run(): Promise<void> {
    const begunAt = Date.now();
    await Promise.all(
      this.calls.map(async (planned) => {
        await pause(Math.max(0, planned.atMs - (Date.now() - begunAt)));
        await this.#runCall(planned);
      }),
    );
  }

  async #runCall(planned: PlannedCall): Promise<void> {
    const { giveUpAfterSeconds } = planned;
    const request: CallRequest = {
      ...planned.request,
      ...(giveUpAfterSeconds !== null && {
        giveUpAt: new Date(Date.now() + giveUpAfterSeconds * 1000).toISOString(),
      }),
    };
    const call: PlacedCall = {
      planned,
      request,
      callIds: [],
      refusal: null,
      cancels: [],
      retriesTaken: 0,
      repeats: 0,
    };
    this.placed.push(call);
    const posts = planned.postedTwice ? [this.#post(call), this.#post(call)] : [this.#post(call)];
    await Promise.all(posts);
    const [callId] = call.callIds;
    if (callId === undefined) return;
    await Promise.all([
      planned.cancelAfterMs === null ? null : this.#cancel(call, callId, planned.cancelAfterMs),
      planned.retryNow ? this.#retryNow(call, callId) : null,
    ]);
  }

  async #post(call: PlacedCall): Promise<void> {
    const { status, body } = await this.#sendUntilAnswered(
      call,
      'POST',
      '/calls',
      call.request,
      call.planned.key,
    );
    const { callId } = (body ?? {}) as { callId?: string };
    if ((status === 200 || status === 202) && callId !== undefined) {
      if (!call.callIds.includes(callId)) call.callIds.push(callId);
    } else call.refusal = `${status} ${JSON.stringify(body)}`;
  }

  async #cancel(call: PlacedCall, callId: string, afterMs: number): Promise<void> {
    await pause(afterMs);
    const { status } = await this.#sendUntilAnswered(call, 'POST', `/calls/${callId}/cancel`, {
      reason: 'chaos',
    });
    call.cancels.push(status);
  }

  /** Requests a retry whenever the call waits for one, until the call is over. */
  async #retryNow(call: PlacedCall, callId: string): Promise<void> {
    const until = Date.now() + retriesForMs;
    while (Date.now() < until) {
      await pause(1_500);
      const { status, body } = await this.#send('GET', `/calls/${callId}`);
      const { state } = (body ?? {}) as Partial<CallState>;
      if (status === 200 && state === 'done') return;
      if (state !== 'waiting-to-retry') continue;
      if ((await this.#send('POST', `/calls/${callId}/retry`)).status === 202) call.retriesTaken++;
    }
  }

  async #sendUntilAnswered(
    call: PlacedCall,
    method: 'POST',
    path: string,
    body: object,
    key?: string,
  ): Promise<Answer> {
    const until = Date.now() + retriesForMs;
    for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
      const answer = await this.#send(method, path, body, key);
      if ((answer.status > 0 && answer.status < 500) || Date.now() > until) return answer;
      call.repeats++;
      await pause(pauseMs);
    }
  }

  async #send(method: 'GET' | 'POST', path: string, body?: object, key?: string): Promise<Answer> {
    try {
      const response = await fetch(this.apiUrl + path, {
        method,
        headers: {
          ...(body && { 'Content-Type': 'application/json' }),
          ...(key !== undefined && { 'Idempotency-Key': key }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return { status: 0, body: null };
    }
  }
}
