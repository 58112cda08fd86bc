import { CancellationScope, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { feeding } from './activityOptions.js';
import { type BatchProgress, isOver } from './batchProgress.js';
import { type FeedingPace, nextWait, standardPace } from './feedingPace.js';
import { RunningBatch } from './runningBatch.js';

/** Nothing happens meanwhile unless somebody orders it. */
const pausedSeconds = 3600;

/** How a batch is fed, where it differs from the standard. */
export interface BatchFeeding extends Partial<FeedingPace> {
  /** The workflow continues as new after so many looks at its calls; 500 when absent. */
  looksPerRun?: number;
}

/**
 * Many calls from one request: starts them one after the other, so that never more than the batch's window run at a
 * time, until each has its outcome; comes back with how they ended, counted.
 *
 * The workflow id is the batch id. The rows are in the outcome store, and so is where the batch stands: a million of
 * them cost this workflow no more history than ten. Fails with `NoSuchBatch` when there is no such batch.
 */
export async function callBatch(feed: BatchFeeding = {}): Promise<BatchProgress> {
  const { looksPerRun = 500, ...differing } = feed;
  const pace = { ...standardPace, ...differing };
  const batch = new RunningBatch();
  // Being canceled is a request like any other: the calls that run are still followed to their end.
  return CancellationScope.nonCancellable(async () => {
    let wait = pace.shortestSeconds;
    for (let look = 1; ; look++) {
      const { orders } = batch;
      const { progress, settled, more } = await feeding.feedBatch({ batchId: batch.batchId });
      batch.learn(progress);
      if (isOver(progress)) {
        await batch.settled();
        return progress;
      }
      if (look >= looksPerRun || workflowInfo().continueAsNewSuggested) {
        await batch.settled();
        return continueAsNew<typeof callBatch>(feed);
      }
      if (more) continue;
      const { running } = progress.counts;
      if (progress.state === 'paused' && running === 0) await batch.wait(pausedSeconds, orders, 'paused');
      else {
        wait = nextWait(wait, { settled, window: progress.window }, pace);
        await batch.wait(wait, orders, `${running} calls to end`);
      }
    }
  });
}
