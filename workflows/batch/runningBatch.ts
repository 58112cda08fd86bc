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
import { controlBatch } from '../activityProxies.js';
import type { BatchControl } from './batchActivities.js';
import { type BatchProgress, isOver } from './batchProgress.js';

/** Every control may say who uses it: the name of the client's token. */
export interface ControlBatchRequest {
  by?: string;
}

export interface CancelBatchRequest extends ControlBatchRequest {
  /** Kept in the batch. */
  reason?: string;
}

export const progress = defineQuery<BatchProgress | null>('progress');
export const pauseBatch = defineUpdate<BatchProgress, [ControlBatchRequest?]>('pause');
export const resumeBatch = defineUpdate<BatchProgress, [ControlBatchRequest?]>('resume');
export const cancelBatch = defineUpdate<BatchProgress, [CancelBatchRequest?]>('cancel');

/**
 * What a batch knows while it runs: only what the store said last. The store holds what is paused, canceled and started, so
 * that a workflow that is reset, or started again, loses nothing. Answers the query and the updates.
 */
export class RunningBatch {
  readonly batchId = workflowInfo().workflowId;
  #progress: BatchProgress | null = null;
  /** How many updates were applied. */
  controlsApplied = 0;
  #pendingControls = 0;

  constructor() {
    setHandler(progress, () => this.#progress, { description: 'How many calls wait, run and have ended' });
    setHandler(pauseBatch, (input?: ControlBatchRequest) => this.#control('pause', null, input?.by), {
      description: 'Start no further call; those that run go on',
      validator: (_?: ControlBatchRequest) => this.#rejectUnlessActive('paused'),
    });
    setHandler(resumeBatch, (input?: ControlBatchRequest) => this.#control('resume', null, input?.by), {
      description: 'Go on after a pause',
      validator: (_?: ControlBatchRequest) => this.#rejectUnlessActive('resumed'),
    });
    setHandler(
      cancelBatch,
      (input?: CancelBatchRequest) => this.#control('cancel', textOf(input?.reason), input?.by),
      {
        description: 'Start no further call, and cancel those that run',
        validator: (_?: CancelBatchRequest) => this.#rejectWhenOver('canceled'),
      },
    );
    // A Temporal cancellation asks for the same as the update.
    CancellationScope.current().cancelRequested.catch(() =>
      this.#control('cancel', 'Canceled through Temporal'),
    );
  }

  show(latest: BatchProgress): void {
    this.#progress = latest;
    this.#showDetails(latest);
  }

  /** Waits, visibly, so long, or until an update is applied that a check made after `controlsApplied` of them cannot have seen. */
  async wait(seconds: number, controlsApplied: number, summary: string): Promise<void> {
    await condition(() => this.controlsApplied !== controlsApplied, Math.ceil(seconds * 1000), { summary });
  }

  /** Every update has been applied and answered. */
  allAnswered(): Promise<void> {
    return condition(() => this.#pendingControls === 0 && allHandlersFinished());
  }

  async #control(what: BatchControl['what'], reason: string | null, by?: string): Promise<BatchProgress> {
    this.#pendingControls++;
    try {
      // After a Temporal cancellation, too.
      const latest = await CancellationScope.nonCancellable(() =>
        controlBatch({ batchId: this.batchId, what, reason, by: textOf(by) }),
      );
      this.show(latest);
      return latest;
    } finally {
      this.#pendingControls--;
      this.controlsApplied++;
    }
  }

  #rejectWhenOver(what: string): void {
    if (this.#progress && isOver(this.#progress))
      throw ApplicationFailure.nonRetryable(
        `The batch is over already (${this.#progress.state}): it can't be ${what}`,
        'BatchIsOver',
      );
  }

  #rejectUnlessActive(what: string): void {
    this.#rejectWhenOver(what);
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

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
