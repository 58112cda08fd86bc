import {
  CancellationScope,
  continueAsNew,
  defineQuery,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { applyBulkOperation, stopBulkOperation } from '../activityProxies.js';
import { type BulkProgress, isBulkOver } from './bulkProgress.js';

export const bulkProgress = defineQuery<BulkProgress | null>('progress');

/** How a bulk operation runs, where it differs from the standard. */
export interface BulkPace {
  /** The workflow continues as new after so many steps; 500 when absent. */
  stepsPerRun?: number;
  /** How long a step goes on; 10 when absent. Well below the time-out of the activity. */
  stepSeconds?: number;
}

/**
 * Cancels, retries, pauses or resumes every call that a filter shows, one after the other, and returns what they
 * answered, counted.
 *
 * The workflow id is the operation id. Filter, position and counts are in the outcome store, so a million calls cost
 * this workflow no more history than ten. Fails with `NoSuchBulkOperation` when there is no such operation.
 */
export async function bulkOperation(pace: BulkPace = {}): Promise<BulkProgress> {
  const { stepsPerRun = 500, stepSeconds = 10 } = pace;
  const operationId = workflowInfo().workflowId;
  let latest: BulkProgress | null = null;
  let stopping: Promise<void> | null = null;
  setHandler(bulkProgress, () => latest, {
    description: 'How many calls took the action, refused it, or failed',
  });
  // A cancellation asks for the same as a stop: the step that is under way sees it, and ends.
  CancellationScope.current().cancelRequested.catch(() => {
    stopping = CancellationScope.nonCancellable(() => stopBulkOperation({ operationId, by: null }));
  });
  return CancellationScope.nonCancellable(async () => {
    for (let step = 1; ; step++) {
      latest = await applyBulkOperation({ operationId, forSeconds: stepSeconds });
      await stopping;
      showDetails(latest);
      if (isBulkOver(latest)) return latest;
      if (step >= stepsPerRun || workflowInfo().continueAsNewSuggested)
        return continueAsNew<typeof bulkOperation>(pace);
    }
  });
}

function showDetails({ action, state, expected, counts, reasons }: BulkProgress): void {
  const { done, refused, failed } = counts;
  setCurrentDetails(
    [
      `**${action}**, ${state}: ${done} done, ${refused} refused, ${failed} failed, of about ${expected}`,
      '',
      ...reasons.map(({ kind, message, calls }) => `- ${calls} ${kind}: ${message}`),
    ].join('\n'),
  );
}
