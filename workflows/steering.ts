import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import type { CallState } from './callOutcome.js';
import type { RunningCall } from './runningCall.js';
import { momentOf } from './workflowTime.js';

export interface CancelRequest {
  /** Kept in the outcome. */
  reason?: string;
}

export interface PauseRequest {
  /** Shown for as long as the call is paused. */
  reason?: string;
}

export interface RescheduleRequest {
  /** RFC 3339: when the next attempt is to begin. What is past means now. */
  at: string;
}

export const cancel = defineUpdate<CallState, [CancelRequest?]>('cancel');
export const retryNow = defineUpdate<CallState, [object?]>('retryNow');
export const pause = defineUpdate<CallState, [PauseRequest?]>('pause');
export const resume = defineUpdate<CallState, [object?]>('resume');
export const reschedule = defineUpdate<CallState, [RescheduleRequest]>('reschedule');

/** Why the next attempt is due when it is, once somebody has rescheduled the call. */
export const movedByHand = 'the time that somebody moved the next attempt to';

/**
 * The updates with which people steer a call, and what they have asked of its next dialling: not to begin for now, or
 * to begin at another time. Each answers where the call stands, or refuses and changes nothing.
 */
export class Steering {
  /** While true no dialling begins. What Twilio has begun is followed to its end all the same. */
  paused = false;
  pauseReason: string | null = null;
  /** When the next attempt is to begin instead of when it was due, ISO 8601; null when nobody moved it. */
  movedTo: string | null = null;
  /** Does the call wait for the time of its next attempt, so that it can be moved? */
  movable = false;
  /** As in the request: no attempt begins later. */
  giveUpAt: string | null = null;

  get waitingFor(): string {
    return `somebody to resume the call (${this.#paused})`;
  }

  listen(call: RunningCall): void {
    setHandler(cancel, (input?: CancelRequest) => call.stop(textOf(input?.reason)), {
      description: 'Stop: no further attempt; a call at Twilio is canceled or hung up',
      validator: (_?: CancelRequest) => refuseWhenOver(call, 'canceled'),
    });
    setHandler(retryNow, (_?: object) => this.#dialNow(call), {
      description: 'Dial again now instead of when it is due',
      validator: (_?: object) => this.#refuseUnlessWaitingToRetry(call),
    });
    setHandler(pause, (input?: PauseRequest) => this.#pause(call, textOf(input?.reason)), {
      description: 'Dial no more until resumed; what Twilio has begun goes on',
      validator: (_?: PauseRequest) => refuseWhenOver(call, 'paused'),
    });
    setHandler(resume, (_?: object) => this.#resume(call), {
      description: 'Go on dialling after a pause',
      validator: (_?: object) => this.#refuseUnlessPaused(call),
    });
    setHandler(reschedule, ({ at }: RescheduleRequest) => this.#move(call, momentOf(at) as string), {
      description: 'Begin the next attempt at another time; the calling window still holds',
      validator: (input: RescheduleRequest) => this.#refuseToMove(call, input?.at),
    });
  }

  get #paused(): string {
    return this.pauseReason ? `paused: ${this.pauseReason}` : 'paused';
  }

  #dialNow(call: RunningCall): CallState {
    call.retryNowRequested = true;
    call.note('asked to dial again now');
    return call.describe();
  }

  #refuseUnlessWaitingToRetry(call: RunningCall): void {
    if (call.state !== 'waiting-to-retry' || call.cancelRequested)
      refuse(
        'NotWaitingToRetry',
        `The call is ${doingOf(call)}, not waiting to retry: there is nothing to dial again now`,
      );
    if (this.paused) refuse('CallIsPaused', `The call is ${this.#paused}: resume it first, then dial again`);
  }

  #pause(call: RunningCall, reason: string | null): CallState {
    if (!this.paused) {
      this.paused = true;
      this.pauseReason = reason;
      call.note(this.#paused);
    }
    return call.describe();
  }

  #resume(call: RunningCall): CallState {
    this.paused = false;
    this.pauseReason = null;
    call.note('resumed');
    return call.describe();
  }

  #refuseUnlessPaused(call: RunningCall): void {
    refuseWhenOver(call, 'resumed');
    if (!this.paused)
      refuse('NotPaused', `The call is ${doingOf(call)}, not paused: there is nothing to resume`);
  }

  #move(call: RunningCall, at: string): CallState {
    this.movedTo = at;
    call.awaitTurn(call.state, `${movedByHand}: ${at}`, at);
    call.note(`the next attempt is moved to ${at}`);
    return call.describe();
  }

  #refuseToMove(call: RunningCall, at: unknown): void {
    refuseWhenOver(call, 'rescheduled');
    const moment = momentOf(at);
    if (moment === null)
      refuse(
        'InvalidTime',
        `The call can't be rescheduled: at is ${String(JSON.stringify(at)).slice(0, 80)}; must be an RFC 3339 time with seconds and offset, such as 2026-01-31T09:00:00Z`,
      );
    if (!this.movable || call.cancelRequested)
      refuse(
        'NotWaitingForAttempt',
        `The call is ${doingOf(call)}, not waiting for the time of its next attempt: there is nothing to reschedule`,
      );
    if (this.giveUpAt !== null && Date.parse(moment) > Date.parse(this.giveUpAt))
      refuse(
        'AfterGiveUpAt',
        `The call gives up at ${this.giveUpAt}, and an attempt at ${moment} would come after that: choose an earlier time`,
      );
  }
}

function textOf(reason: unknown): string | null {
  return typeof reason === 'string' ? reason : null;
}

function doingOf(call: RunningCall): string {
  return call.cancelRequested ? 'being canceled' : call.state;
}

function refuseWhenOver({ outcome, state }: RunningCall, what: string): void {
  if (outcome !== null || state === 'recording' || state === 'done')
    refuse('CallIsOver', `The call is over already (${outcome?.outcome ?? state}): it can't be ${what}`);
}

function refuse(type: string, why: string): never {
  throw ApplicationFailure.nonRetryable(why, type);
}
