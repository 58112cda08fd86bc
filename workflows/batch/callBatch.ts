import { CancellationScope, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { feedBatch } from '../activityProxies.js';
import { type BatchProgress, isOver } from './batchProgress.js';
import { type FeedInterval, nextWait, standardInterval } from './feedInterval.js';
import { RunningBatch } from './runningBatch.js';

/** Nothing happens meanwhile, unless somebody controls the batch. */
const pausedSeconds = 3600;

/** How a batch is fed, where it differs from the standard. */
export interface BatchFeeding extends Partial<FeedInterval> {
  /** The workflow continues as new after so many checks of its calls; 500 when absent. */
  checksPerRun?: number;
}

/**
 * Many calls from one request: starts them one after the other, so that never more than the batch's window run at a
 * time, until each has its outcome. Returns how they ended, counted.
 *
 * The workflow id is the batch id. The rows are in the outcome store, and so is where the batch stands: a million of
 * them cost this workflow no more history than ten. Fails with `NoSuchBatch` when there is no such batch.
 */
export async function callBatch(feed: BatchFeeding = {}): Promise<BatchProgress> {
  const { checksPerRun = 500, ...differing } = feed;
  const interval = { ...standardInterval, ...differing };
  const batch = new RunningBatch();
  // A cancellation is a request like any other: the calls that run are still followed to their end.
  return CancellationScope.nonCancellable(async () => {
    let wait = interval.shortestSeconds;
    for (let check = 1; ; check++) {
      const { controlsApplied } = batch;
      const { progress, ended, more } = await feedBatch({ batchId: batch.batchId });
      batch.show(progress);
      if (isOver(progress)) {
        await batch.allAnswered();
        return progress;
      }
      if (check >= checksPerRun || workflowInfo().continueAsNewSuggested) {
        await batch.allAnswered();
        return continueAsNew<typeof callBatch>(feed);
      }
      if (more) continue;
      const { running } = progress.counts;
      if (progress.state === 'paused' && running === 0)
        await batch.wait(pausedSeconds, controlsApplied, 'paused');
      else {
        wait = nextWait(wait, { ended, window: progress.window }, interval);
        await batch.wait(wait, controlsApplied, `${running} calls to end`);
      }
    }
  });
}
