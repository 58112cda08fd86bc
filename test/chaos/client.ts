import { setTimeout as pause } from 'node:timers/promises';
import type { CallState } from '../../workflows/callOutcome.js';
import type { CallRequest } from '../../workflows/callRequest.js';
import type { PlannedCall } from './plan.js';

/** What a caller got to know of one of its calls. */
export interface PlacedCall {
  planned: PlannedCall;
  request: CallRequest;
  /** Every call id that the API gave for this one key: must be one. Empty: it was never accepted. */
  callIds: string[];
  /** The last answer, when it was not accepted. */
  refusal: string | null;
  /** Answers to the request to cancel, in order; empty: it was not asked. 0: no answer. */
  cancels: number[];
  /** How often "dial again now" was taken. */
  retriesTaken: number;
  /** Requests that had to be sent again, of whatever kind. */
  repeats: number;
}

interface Answer {
  /** 0: none came. */
  status: number;
  body: unknown;
}

/** How long a caller waits for an answer, and how long it goes on asking. */
const answerTimeoutMs = 6_000;
const retriesForMs = 180_000;

/** A sensible caller: sends again, with the same `Idempotency-Key`, whatever got no answer or a 5xx. */
export class Client {
  readonly placed: PlacedCall[] = [];

  constructor(
    private readonly apiUrl: string,
    private readonly calls: PlannedCall[],
  ) {}

  /** Places all calls at their times, and does with each what was planned. */
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

  /** Asks to dial again as soon as the call waits to be retried; stops asking when it is over. */
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
