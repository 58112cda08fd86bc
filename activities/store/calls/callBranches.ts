import { json, type Parameter } from '../database/database.js';
import { funnelSteps, mostAttempts, shortSeconds, stepNumber } from '../statistics/callFacts.js';
import { waitingReason, waitingStates } from '../statistics/waitingCalls.js';
import type { CallSelection } from './callStore.js';
import { searchConditions } from './searchConditions.js';

type Place = (value: Parameter) => string;

/**
 * The conditions on `calls c` under which a call fits the filter. Several lists of them if the filter means one thing
 * or another: a call fits if it fits one of these. Then each has an index with its calls by start.
 */
export function callBranches(filter: CallSelection, place: Place): string[][] {
  return alternatives(filter, place).reduce<string[][]>(
    (branches, options) => branches.flatMap((branch) => options.map((option) => [...branch, option])),
    [sharedConditions(filter, place)],
  );
}

function sharedConditions(filter: CallSelection, place: Place): string[] {
  const conditions: string[] = [];
  const { answeredBy, attempts, reason } = filter;
  const equals = (column: string, value: string | undefined) => {
    if (value !== undefined) conditions.push(`c.${column} = ${place(value)}`);
  };
  equals('outcome', filter.outcome);
  equals('state', filter.state);
  equals('reachability', filter.reachability);
  equals('to_number', filter.to);
  equals('from_number', filter.from);
  equals('batch_id', filter.batch);
  equals('decided_by', filter.decidedBy);
  if (answeredBy === 'undetected') conditions.push(`c.outcome = 'answered' and c.answered_by is null`);
  else equals('answered_by', answeredBy);
  if (filter.furthest !== undefined) conditions.push(`c.furthest = ${stepNumber(filter.furthest)}`);
  if (attempts !== undefined)
    conditions.push(
      attempts < mostAttempts ? `c.attempt_count = ${attempts}` : `c.attempt_count >= ${mostAttempts}`,
    );
  if (reason === null) conditions.push(`c.outcome <> 'answered' and c.reason is null`);
  else if (reason !== undefined) conditions.push(`c.outcome <> 'answered' and c.reason = ${place(reason)}`);
  if (filter.short) conditions.push(`c.outcome = 'answered' and c.duration_seconds <= ${shortSeconds}`);
  if (filter.withoutOutcome) conditions.push('c.workflow_end is not null');
  if (filter.metadata !== undefined)
    conditions.push(`c.metadata <> '{}' and c.metadata @> ${place(json(filter.metadata))}::jsonb`);
  if (filter.since !== undefined) conditions.push(`c.started_at >= ${place(filter.since)}::timestamptz`);
  if (filter.until !== undefined) conditions.push(`c.started_at < ${place(filter.until)}::timestamptz`);
  return conditions;
}

/** What means one thing or another, each as its options. */
function alternatives({ reached, waitingBy, search }: CallSelection, place: Place): string[][] {
  const options: string[][] = [];
  if (reached !== undefined)
    options.push(funnelSteps.slice(stepNumber(reached)).map((step) => `c.furthest = ${stepNumber(step)}`));
  if (waitingBy !== undefined) {
    const reasonAt = place(waitingBy);
    options.push(waitingStates.map((state) => `c.state = '${state}' and (${waitingReason}) = ${reasonAt}`));
  }
  if (search !== undefined) options.push(searchConditions(search, place));
  return options;
}
