import { describe, expect, it } from 'vitest';
import { billableActions, type HistoryEvents, sumOf } from './billableActions.js';

const marker = (task: number) => ({ markerRecordedEventAttributes: { workflowTaskCompletedEventId: task } });
const upsert = (...names: string[]) => ({
  upsertWorkflowSearchAttributesEventAttributes: {
    searchAttributes: { indexedFields: Object.fromEntries(names.map((name) => [name, {}])) },
  },
});
const metered = (retries: number) => ({
  workflowTaskCompletedEventAttributes: {
    meteringMetadata: { nonfirstLocalActivityExecutionAttempts: retries },
  },
});

describe('billable actions of a history', () => {
  it.each<[string, object[], Record<string, number>]>([
    ['nothing: nothing', [], {}],
    ['a start, with whatever attributes', [{ workflowExecutionStartedEventAttributes: {} }], { start: 1 }],
    [
      'an activity that went well at once',
      [
        { activityTaskScheduledEventAttributes: {} },
        { activityTaskStartedEventAttributes: { attempt: 1 } },
        { activityTaskCompletedEventAttributes: {} },
      ],
      { activity: 1 },
    ],
    [
      'an activity at its fourth try: each retry is one',
      [{ activityTaskScheduledEventAttributes: {} }, { activityTaskStartedEventAttributes: { attempt: 4 } }],
      { activity: 1, 'activity retried': 3 },
    ],
    [
      'three local activities of one workflow task: one',
      [marker(4), marker(4), marker(4)],
      { 'local activities': 1 },
    ],
    ['two local activities of two workflow tasks: two', [marker(4), marker(9)], { 'local activities': 2 }],
    ['local activities tried again in one task', [metered(3)], { 'local activity retried': 3 }],
    ['the same more than a hundred times: a hundred', [metered(250)], { 'local activity retried': 100 }],
    [
      'a timer, whether it fires or is canceled',
      [
        { timerStartedEventAttributes: {} },
        { timerFiredEventAttributes: {} },
        { timerStartedEventAttributes: {} },
        { timerCanceledEventAttributes: {} },
      ],
      { timer: 2 },
    ],
    [
      'signals, each',
      [{ workflowExecutionSignaledEventAttributes: {} }, { workflowExecutionSignaledEventAttributes: {} }],
      { signal: 2 },
    ],
    [
      'an update that was accepted, once',
      [
        { workflowExecutionUpdateAcceptedEventAttributes: {} },
        { workflowExecutionUpdateCompletedEventAttributes: {} },
      ],
      { update: 1 },
    ],
    ['three search attributes written at once: one', [upsert('A', 'B', 'C')], { 'search attributes': 1 }],
    ['the attribute of versioning: free', [upsert('TemporalChangeVersion')], {}],
    [
      "a child: its intent here, its start in the child's own history",
      [
        { startChildWorkflowExecutionInitiatedEventAttributes: {} },
        { childWorkflowExecutionStartedEventAttributes: {} },
      ],
      { 'child started': 1 },
    ],
    ['a reset', [{ workflowTaskFailedEventAttributes: { cause: 20 } }], { reset: 1 }],
    [
      'a workflow task that failed for another reason: free',
      [{ workflowTaskFailedEventAttributes: { cause: 1 } }],
      {},
    ],
    [
      'workflow tasks and the end: free',
      [
        { workflowTaskScheduledEventAttributes: {} },
        { workflowTaskStartedEventAttributes: {} },
        { workflowTaskCompletedEventAttributes: {} },
        { workflowExecutionCompletedEventAttributes: {} },
      ],
      {},
    ],
  ])('%s', (_, events, actions) => {
    expect(billableActions(events as HistoryEvents)).toEqual(actions);
  });

  it('their sum is what is billed', () => {
    expect(sumOf({ start: 1, signal: 4, timer: 2 })).toBe(7);
  });
});
