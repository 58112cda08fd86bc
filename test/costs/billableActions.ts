import type { WorkflowHandle } from '@temporalio/client';

export type HistoryEvents = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;
type HistoryEvent = HistoryEvents[number];

/** What Temporal Cloud bills for, as far as a history shows it. */
export const actionKinds = [
  'start',
  'child started',
  'activity',
  'activity retried',
  'local activities',
  'local activity retried',
  'timer',
  'signal',
  'update',
  'search attributes',
  'reset',
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** Retries of local activities in one workflow task are billed up to this many. */
const mostLocalRetries = 100;
/** Source: temporalio/api, `WorkflowTaskFailedCause`. */
const failedForReset = 20;

/**
 * How many billable actions of each kind a workflow's history stands for. A child's own start is in the
 * child's history. Not in any history, so not counted: queries, heartbeats, refused updates, retries of an
 * activity that never reported back.
 *
 * Source: Temporal, "Temporal Cloud Actions" (docs.temporal.io/evaluate/cloud/actions).
 */
export function billableActions(events: HistoryEvents): Partial<Record<ActionKind, number>> {
  const actions: Partial<Record<ActionKind, number>> = {};
  const add = (kind: ActionKind, count = 1) => {
    if (count > 0) actions[kind] = (actions[kind] ?? 0) + count;
  };
  // All markers that one workflow task left are one action.
  const tasksWithMarkers = new Set<string>();
  for (const event of events) {
    if (event.workflowExecutionStartedEventAttributes) add('start');
    if (event.startChildWorkflowExecutionInitiatedEventAttributes) add('child started');
    if (event.activityTaskScheduledEventAttributes) add('activity');
    if (event.activityTaskStartedEventAttributes)
      add('activity retried', (event.activityTaskStartedEventAttributes.attempt ?? 1) - 1);
    if (event.markerRecordedEventAttributes)
      tasksWithMarkers.add(String(event.markerRecordedEventAttributes.workflowTaskCompletedEventId));
    add('local activity retried', Math.min(localRetries(event), mostLocalRetries));
    if (event.timerStartedEventAttributes) add('timer');
    if (event.workflowExecutionSignaledEventAttributes) add('signal');
    if (event.workflowExecutionUpdateAcceptedEventAttributes) add('update');
    if (writesSearchAttributes(event)) add('search attributes');
    if (event.workflowTaskFailedEventAttributes?.cause === failedForReset) add('reset');
  }
  add('local activities', tasksWithMarkers.size);
  return actions;
}

export function sumOf(actions: Partial<Record<ActionKind, number>>): number {
  return Object.values(actions).reduce((sum, count) => sum + count, 0);
}

function localRetries(event: HistoryEvent): number {
  const metering = event.workflowTaskCompletedEventAttributes?.meteringMetadata;
  return metering?.nonfirstLocalActivityExecutionAttempts ?? 0;
}

/** The attribute that versioning writes by itself is free. */
function writesSearchAttributes(event: HistoryEvent): boolean {
  const attributes = event.upsertWorkflowSearchAttributesEventAttributes;
  if (!attributes) return false;
  return Object.keys(attributes.searchAttributes?.indexedFields ?? {}).some(
    (name) => name !== 'TemporalChangeVersion',
  );
}
