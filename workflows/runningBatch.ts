import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { steering } from './activityOptions.js';
import type { BatchOrder } from './batchActivities.js';
import { type BatchProgress, isOver } from './batchProgress.js';

export interface CancelBatchRequest {
  /** Kept in the batch. */
  reason?: string;
}

export const progress = defineQuery<BatchProgress | null>('progress');
export const pauseBatch = defineUpdate<BatchProgress, [object?]>('pause');
export const resumeBatch = defineUpdate<BatchProgress, [object?]>('resume');
export const cancelBatch = defineUpdate<BatchProgress, [CancelBatchRequest?]>('cancel');

/**
 * What a batch knows while it runs, which is only what it last heard of the store: there stands what is paused, canceled
 * and started, so that a workflow that is reset, or started anew, loses nothing. Answers the query and the updates.
 */
export class RunningBatch {
  readonly batchId = workflowInfo().workflowId;
  #progress: BatchProgress | null = null;
  /** How many orders were carried out. */
  orders = 0;
  #underWay = 0;

  constructor() {
    setHandler(progress, () => this.#progress, { description: 'How many calls wait, run and have ended' });
    setHandler(pauseBatch, (_?: object) => this.#steer('pause', null), {
      description: 'Start no further call; those that run go on',
      validator: (_?: object) => this.#refuseUnlessGoing('paused'),
    });
    setHandler(resumeBatch, (_?: object) => this.#steer('resume', null), {
      description: 'Go on after a pause',
      validator: (_?: object) => this.#refuseUnlessGoing('resumed'),
    });
    setHandler(cancelBatch, (input?: CancelBatchRequest) => this.#steer('cancel', reasonOf(input)), {
      description: 'Start no further call, and cancel those that run',
      validator: (_?: CancelBatchRequest) => this.#refuseWhenOver('canceled'),
    });
    // A Temporal cancellation asks for the same as the update.
    CancellationScope.current().cancelRequested.catch(() =>
      this.#steer('cancel', 'Canceled through Temporal'),
    );
  }

  learn(step: BatchProgress): void {
    this.#progress = step;
    this.#showDetails(step);
  }

  /** Waits, visibly, so long, or until there is an order that a look which knew of `orders` cannot have seen. */
  async wait(seconds: number, orders: number, summary: string): Promise<void> {
    await condition(() => this.orders !== orders, Math.ceil(seconds * 1000), { summary });
  }

  /** Every order that was given has been carried out and answered. */
  settled(): Promise<void> {
    return condition(() => this.#underWay === 0 && allHandlersFinished());
  }

  async #steer(what: BatchOrder['what'], reason: string | null): Promise<BatchProgress> {
    this.#underWay++;
    try {
      // After a Temporal cancellation, too.
      const steered = await CancellationScope.nonCancellable(() =>
        steering(what).steerBatch({ batchId: this.batchId, what, reason }),
      );
      this.learn(steered);
      return steered;
    } finally {
      this.#underWay--;
      this.orders++;
    }
  }

  #refuseWhenOver(what: string): void {
    if (this.#progress && isOver(this.#progress))
      throw ApplicationFailure.nonRetryable(
        `The batch is over already (${this.#progress.state}): it can't be ${what}`,
        'BatchIsOver',
      );
  }

  #refuseUnlessGoing(what: string): void {
    this.#refuseWhenOver(what);
    if (this.#progress?.state === 'canceling')
      throw ApplicationFailure.nonRetryable(
        `The batch is being canceled: it can't be ${what}`,
        'BatchIsCanceled',
      );
  }

  #showDetails({ state, name, counts, window }: BatchProgress): void {
    const { total, waiting, running, done, refused, withdrawn } = counts;
    const outcomes = Object.entries(counts.outcomes).map(([outcome, count]) => `- ${outcome}: ${count}`);
    setCurrentDetails(
      [
        `**${state}**${name === null ? '' : `, ${name}`}: ${done} of ${total} done`,
        '',
        `${waiting} wait, ${running} run (${window} at most), ${refused} refused, ${withdrawn} withdrawn`,
        '',
        ...outcomes,
      ].join('\n'),
    );
  }
}

function reasonOf(input: CancelBatchRequest | undefined): string | null {
  return typeof input?.reason === 'string' ? input.reason : null;
}
