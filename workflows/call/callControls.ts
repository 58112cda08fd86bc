import { ApplicationFailure, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { CallControlName, CallOutcome, CallState, CallStateName, ControlUse } from '../callOutcome.js';
import { parseRfc3339 } from '../rules/rfc3339.js';
import { now } from './workflowTime.js';

/** Every control may say who uses it: the name of the client's token. */
export interface ControlRequest {
  by?: string;
}

export interface CancelRequest extends ControlRequest {
  /** Kept in the outcome. */
  reason?: string;
}

export interface PauseRequest extends ControlRequest {
  /** Shown for as long as the call is paused. */
  reason?: string;
}

export interface RescheduleRequest extends ControlRequest {
  /** RFC 3339: when the next attempt is to begin. What is past means now. */
  at: string;
}

export const cancel = defineUpdate<CallState, [CancelRequest?]>('cancel');
/**
 * As the update. A client sends it before it cancels through Temporal while no worker answers, since a Temporal
 * cancellation has neither reason nor name.
 */
export const cancelSignal = defineSignal<[CancelRequest?]>('cancel');
export const retryNow = defineUpdate<CallState, [ControlRequest?]>('retryNow');
export const pause = defineUpdate<CallState, [PauseRequest?]>('pause');
export const resume = defineUpdate<CallState, [ControlRequest?]>('resume');
export const reschedule = defineUpdate<CallState, [RescheduleRequest]>('reschedule');

/** As many as the timeline has entries. */
const maxUses = 60;

/** What the controls need to know of their call. */
export interface ControlledCall {
  readonly state: CallStateName;
  readonly outcome: CallOutcome | null;
  /** Is the call waiting for the time of its next attempt, so that this time can be moved? */
  readonly canReschedule: boolean;
  /** As in the request: no attempt begins later. */
  readonly giveUpAt: string | null;
  describe(): CallState;
  note(line: string): void;
  /** The next attempt is due at another time, ISO 8601. */
  reschedule(at: string): void;
}

/**
 * The updates with which people control a call, and what they have asked for. Each update answers with the call's state, or
 * rejects and changes nothing.
 */
export class CallControls {
  cancelRequested = false;
  /** Why the call should stop; null while nobody asked for it, or without a reason. */
  cancelReason: string | null = null;
  retryNowRequested = false;
  /** While true no attempt begins. What Twilio has begun is followed to its end all the same. */
  paused = false;
  pauseReason: string | null = null;
  /** When the next attempt is to begin instead of when it was due, ISO 8601; null when nobody rescheduled it. */
  rescheduledTo: string | null = null;
  /** Who used which control, in order. The first entry stays; then the oldest goes first. */
  readonly uses: ControlUse[] = [];
  readonly #call: ControlledCall;

  constructor(call: ControlledCall) {
    this.#call = call;
  }

  /** Begins to answer updates: first those that came before, as after a workflow reset. */
  listen(): void {
    setHandler(cancel, (input?: CancelRequest) => this.cancel(textOf(input?.reason), textOf(input?.by)), {
      description: 'Stop: no further attempt; a call at Twilio is canceled or hung up',
      validator: (_?: CancelRequest) => this.#rejectWhenOver('canceled'),
    });
    setHandler(
      cancelSignal,
      (input?: CancelRequest) => void this.cancel(textOf(input?.reason), textOf(input?.by)),
      {
        description: 'The update cancel, for a client that no worker answers',
      },
    );
    setHandler(retryNow, (input?: ControlRequest) => this.#retryNow(textOf(input?.by)), {
      description: 'Dial again now instead of when it is due',
      validator: (_?: ControlRequest) => this.#validateRetryNow(),
    });
    setHandler(pause, (input?: PauseRequest) => this.#pause(textOf(input?.reason), textOf(input?.by)), {
      description: 'Begin no attempt until resumed; what Twilio has begun goes on',
      validator: (_?: PauseRequest) => this.#rejectWhenOver('paused'),
    });
    setHandler(resume, (input?: ControlRequest) => this.#resume(textOf(input?.by)), {
      description: 'Go on after a pause',
      validator: (_?: ControlRequest) => this.#validateResume(),
    });
    setHandler(
      reschedule,
      ({ at, by }: RescheduleRequest) => this.#reschedule(parseRfc3339(at) as string, textOf(by)),
      {
        description: 'Begin the next attempt at another time; the calling window still holds',
        validator: (input: RescheduleRequest) => this.#validateReschedule(input?.at),
      },
    );
  }

  /** What a paused call waits for. */
  get waitingToResume(): string {
    return `somebody to resume the call (${this.#paused})`;
  }

  cancel(reason: string | null, by: string | null = null): CallState {
    if (!this.cancelRequested && this.#call.outcome === null) {
      this.cancelRequested = true;
      this.cancelReason = reason;
      this.#use('cancel', by);
      this.#call.note(`cancel requested${byWhom(by)}${reason ? `: ${reason}` : ''}`);
    }
    return this.#call.describe();
  }

  get #paused(): string {
    const by = this.uses.findLast(({ control }) => control === 'pause')?.by ?? null;
    return `paused${byWhom(by)}${this.pauseReason ? `: ${this.pauseReason}` : ''}`;
  }

  get #activity(): string {
    return this.cancelRequested ? 'being canceled' : this.#call.state;
  }

  /** Keeps who used a control, for the record. */
  #use(control: CallControlName, by: string | null): void {
    this.uses.push({ at: now(), control, by });
    if (this.uses.length > maxUses) this.uses.splice(1, 1);
  }

  #retryNow(by: string | null): CallState {
    this.retryNowRequested = true;
    this.#use('retry', by);
    this.#call.note(`retry now requested${byWhom(by)}`);
    return this.#call.describe();
  }

  #validateRetryNow(): void {
    if (this.#call.state !== 'waiting-to-retry' || this.cancelRequested)
      reject(
        'NotWaitingToRetry',
        this.#call.state === 'waiting' && !this.cancelRequested
          ? 'The call is waiting for its first attempt, not to retry: use reschedule to begin it at another time'
          : `The call is ${this.#activity}, not waiting to retry: there is nothing to dial again now`,
      );
    if (this.paused) reject('CallIsPaused', `The call is ${this.#paused}: resume it first, then retry`);
  }

  #pause(reason: string | null, by: string | null): CallState {
    if (!this.paused) {
      this.paused = true;
      this.pauseReason = reason;
      this.#use('pause', by);
      this.#call.note(this.#paused);
    }
    return this.#call.describe();
  }

  #resume(by: string | null): CallState {
    this.paused = false;
    this.pauseReason = null;
    this.#use('resume', by);
    this.#call.note(`resumed${byWhom(by)}`);
    return this.#call.describe();
  }

  #validateResume(): void {
    this.#rejectWhenOver('resumed');
    if (!this.paused)
      reject('NotPaused', `The call is ${this.#activity}, not paused: there is nothing to resume`);
  }

  #reschedule(at: string, by: string | null): CallState {
    this.rescheduledTo = at;
    this.#call.reschedule(at);
    this.#use('reschedule', by);
    this.#call.note(`next attempt rescheduled to ${at}${byWhom(by)}`);
    return this.#call.describe();
  }

  #validateReschedule(at: unknown): void {
    this.#rejectWhenOver('rescheduled');
    const time = parseRfc3339(at);
    if (time === null)
      reject(
        'InvalidTime',
        `The call can't be rescheduled: at is ${String(JSON.stringify(at)).slice(0, 80)}; must be an RFC 3339 time with seconds and offset, such as 2026-01-31T09:00:00Z`,
      );
    if (!this.#call.canReschedule || this.cancelRequested)
      reject(
        'NotWaitingForAttempt',
        `The call is ${this.#activity}, not waiting for the time of its next attempt: there is nothing to reschedule`,
      );
    const { giveUpAt } = this.#call;
    if (giveUpAt !== null && Date.parse(time) > Date.parse(giveUpAt))
      reject(
        'AfterGiveUpAt',
        `The call gives up at ${giveUpAt}, and an attempt at ${time} would come after that: choose an earlier time`,
      );
  }

  #rejectWhenOver(what: string): void {
    const { outcome, state } = this.#call;
    if (outcome !== null || state === 'recording' || state === 'done')
      reject('CallIsOver', `The call is over already (${outcome?.outcome ?? state}): it can't be ${what}`);
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function byWhom(by: string | null): string {
  return by === null ? '' : ` by ${by}`;
}

function reject(type: string, why: string): never {
  throw ApplicationFailure.nonRetryable(why, type);
}
