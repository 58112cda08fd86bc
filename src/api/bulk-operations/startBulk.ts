import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { BulkPreview } from '../../../activities/store/bulk/bulkStore.js';
import type { CallSelection } from '../../../activities/store/calls/callStore.js';
import type { BulkAction, BulkProgress } from '../../../workflows/bulk/bulkProgress.js';
import { isBulkOver } from '../../../workflows/bulk/bulkProgress.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import { selectionOf } from '../calls/callFilters.js';
import type { ApiTools } from '../http/apiDependencies.js';
import { hashOf, idOfKey } from '../http/idempotencyKey.js';
import type { BulkRequest } from './bulkSchema.js';

const startWithinMs = 5_000;
/** A count that changed by less than one of these is taken for the same calls. */
const tolerated = { calls: 5, share: 0.1 };

/** What a bulk operation would do now. */
export interface BulkForecast extends Omit<BulkPreview, 'last'> {
  /** Calls that ring or talk. */
  ringing: number;
  /** As a sentence. */
  message: string;
}

const verbs: Record<BulkAction, string> = {
  cancel: 'Cancels',
  retry: 'Dials again now',
  pause: 'Pauses',
  resume: 'Resumes',
};

/** What this action would do with the calls of the filter. */
export async function forecastBulk(
  tools: ApiTools,
  { action, filter }: Pick<BulkRequest, 'action' | 'filter'>,
): Promise<BulkForecast> {
  return forecastOf(action, await tools.store.previewBulkOperation(selectionOf(filter)));
}

function forecastOf(action: BulkAction, { last: _, ...preview }: BulkPreview): BulkForecast {
  const { count, states, over } = preview;
  const ringing = (states.ringing ?? 0) + (states['in-progress'] ?? 0);
  const calls = count === 1 ? '1 call' : `${count} calls`;
  const rest =
    over === 0
      ? ''
      : ` ${over >= 10_000 ? 'At least ' : ''}${over} more ${over === 1 ? 'is' : 'are'} over, and ${over === 1 ? 'stays' : 'stay'} as ${over === 1 ? 'it is' : 'they are'}.`;
  return {
    ...preview,
    ringing,
    message: `${verbs[action]} ${calls}, ${ringing} of them ringing or talking.${rest}`,
  };
}

export type BulkStart =
  | { kind: 'started' | 'repeated'; progress: BulkProgress }
  /** The Idempotency-Key belongs to another request. */
  | { kind: 'key-reused'; operationId: string }
  /** Nothing was stored: the filter shows no unfinished call, or another number of them than was expected. */
  | { kind: 'refused'; why: string };

/** Stores the operation and starts its workflow. Throws errors of Temporal and of the store; then nothing was done. */
export async function startBulk(
  tools: ApiTools,
  { action, filter, reason, expectedCount }: BulkRequest,
  { key, by }: { key: string | undefined; by: string | null },
): Promise<BulkStart> {
  const { store } = tools;
  const operationId = key === undefined ? `bulk-${randomUUID()}` : idOfKey('bulk', key);
  const contentHash = hashOf({
    action,
    filter,
    reason: reason ?? null,
    expectedCount: expectedCount ?? null,
  });
  const earlier = key === undefined ? null : await store.findBulkOperation(operationId);
  if (earlier) return repeated(tools, earlier, contentHash);
  const selection: CallSelection = selectionOf(filter);
  const { count, over, last } = await store.previewBulkOperation(selection);
  if (last === null) return { kind: 'refused', why: noCalls(over) };
  if (hasChanged(expectedCount ?? 0, count))
    return {
      kind: 'refused',
      why: `The filter shows ${count} unfinished calls now, and expectedCount is ${expectedCount}. Look at the preview again (?dryRun=true), and send its count.`,
    };
  const operation = {
    ...{ operationId, action, selection, contentHash, last },
    requestedFilter: filter,
    reason: reason ?? null,
    requestedBy: by,
    expected: count,
  };
  const isNew = await store.createBulkOperation(operation);
  if (isNew) {
    try {
      await startBulkWorkflow(tools, operationId);
    } catch (error) {
      await store.discardBulkOperation(operationId).catch(() => {});
      throw error;
    }
  }
  const stored = await store.findBulkOperation(operationId);
  if (stored === null) throw new Error(`The bulk operation ${operationId} is gone.`);
  // The same key came twice at the same moment.
  if (!isNew) return repeated(tools, stored, contentHash);
  return { kind: 'started', progress: stored.progress };
}

async function repeated(
  tools: ApiTools,
  earlier: { progress: BulkProgress; contentHash: string },
  contentHash: string,
): Promise<BulkStart> {
  const { progress } = earlier;
  if (earlier.contentHash !== contentHash) return { kind: 'key-reused', operationId: progress.operationId };
  if (!isBulkOver(progress)) await startBulkWorkflow(tools, progress.operationId);
  return { kind: 'repeated', progress };
}

function noCalls(over: number): string {
  return over === 0
    ? 'The filter shows no call. Look at GET /calls with the same filter.'
    : 'Every call that the filter shows is over. POST /redials dials numbers again.';
}

function hasChanged(expected: number, count: number): boolean {
  return Math.abs(count - expected) > Math.max(tolerated.calls, expected * tolerated.share);
}

async function startBulkWorkflow({ temporal, taskQueue }: ApiTools, operationId: string): Promise<void> {
  try {
    await withDeadline(temporal, startWithinMs, (workflow) =>
      workflow.start('bulkOperation', {
        workflowId: operationId,
        taskQueue,
        args: [],
        staticSummary: 'Controls many calls',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
