import { type Attempt, answerers, type CallOutcome, deciders } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';

/** How far a call gets. Each step includes the ones before it. */
export const funnelSteps = ['requested', 'valid', 'placed', 'rang', 'answered', 'human'] as const;
export type FunnelStep = (typeof funnelSteps)[number];

/** `undetected`: answered, and machine detection was off or gave no result. */
export const answererClasses = [...answerers, 'undetected'] as const;
export type AnswererClass = (typeof answererClasses)[number];

/** Attempts are counted up to this number; it stands for all greater ones too. */
export const mostAttempts = 6;

/** An answered call that is over within this is short. The index `calls_short` has the same number. */
export const shortSeconds = 6;

/** In the counts by reason: nobody gave one. */
export const noReason = 'none';

/** Upper bounds of the ranges in which durations are counted, in seconds. One more range is open. */
export const rangeBounds = [
  1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 1800, 7200, 86_400,
] as const;
/**
 * Durations: from the request to the first ring, from the request to the outcome, and from an event at Twilio to
 * the arrival of its callback.
 */
export const durations = ['ring', 'end', 'delay'] as const;
export type Duration = (typeof durations)[number];

/** Every counter of the table `call_statistics`, by its column. */
export const counters: readonly string[] = [
  ...funnelSteps.map((step) => `step_${step}`),
  ...outcomes.map(outcomeCounter),
  ...answererClasses.map((answerer) => `by_${answerer}`),
  'short',
  ...deciders.map((decider) => `decided_${decider}`),
  ...numbered('attempts', 0, mostAttempts),
  ...numbered('answered', 1, mostAttempts),
  ...durations.flatMap((duration) => numbered(duration, 0, rangeBounds.length)),
];

/** The column that counts calls with this outcome. */
export function outcomeCounter(outcome: string): string {
  return `outcome_${outcome.replaceAll('-', '_')}`;
}

function numbered(name: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, nth) => `${name}_${first + nth}`);
}

/** What the store keeps of an outcome for filters and statistics. */
export interface CallFacts {
  /** A place in `funnelSteps`. */
  furthest: number;
  attemptCount: number;
  /** Source and code of the deciding error, such as `sip:486`; null if the call was answered, or there is none. */
  reason: string | null;
  /** What the call adds to each counter; absent: nothing. */
  counters: Record<string, number>;
}

export function callFacts(call: CallOutcome): CallFacts {
  const { outcome, answeredBy, decidedBy, durationSeconds, attempts, startedAt, endedAt } = call;
  const isAnswered = outcome === 'answered';
  const furthest = furthestStep(call);
  const attemptCount = attempts.length;
  const added: Record<string, number> = {};
  const add = (counter: string) => {
    added[counter] = (added[counter] ?? 0) + 1;
  };
  add(`step_${funnelSteps[furthest]}`);
  add(outcomeCounter(outcome));
  add(`decided_${decidedBy}`);
  add(`attempts_${Math.min(attemptCount, mostAttempts)}`);
  if (isAnswered) {
    add(`by_${answeredBy ?? 'undetected'}`);
    add(`answered_${Math.max(1, Math.min(attemptCount, mostAttempts))}`);
    if (durationSeconds !== null && durationSeconds <= shortSeconds) add('short');
  }
  const addDuration = (duration: Duration, seconds: number | null) => {
    if (seconds !== null) add(`${duration}_${rangeOf(seconds)}`);
  };
  addDuration('ring', secondsBetween(startedAt, firstRing(attempts)));
  addDuration('end', secondsBetween(startedAt, endedAt));
  for (const { evidence } of attempts)
    for (const { source, at, receivedAt } of evidence.updates)
      if (source === 'webhook') addDuration('delay', secondsBetween(at, receivedAt ?? null));
  const reason = isAnswered || call.reason === null ? null : `${call.reason.source}:${call.reason.code}`;
  return { furthest, attemptCount, reason, counters: added };
}

function furthestStep({ outcome, answeredBy, attempts }: CallOutcome): number {
  if (outcome === 'answered') return stepNumber(answeredBy === 'human' ? 'human' : 'answered');
  if (attempts.some(({ evidence }) => evidence.updates.some(({ rang }) => rang))) return stepNumber('rang');
  if (attempts.some(({ callSid }) => callSid !== null)) return stepNumber('placed');
  return stepNumber(outcome === 'invalid-number' ? 'requested' : 'valid');
}

export function stepNumber(step: FunnelStep): number {
  return funnelSteps.indexOf(step);
}

/** When a phone first rang, by Twilio's clock. */
function firstRing(attempts: Attempt[]): string | null {
  const times = attempts
    .flatMap(({ evidence }) => evidence.updates)
    .filter(({ status }) => status === 'ringing' || status === 'in-progress')
    .flatMap(({ at }) => (at === null ? [] : [at]));
  return times.sort()[0] ?? null;
}

/** Null if one of the times is not known. Two clocks may differ by some seconds, so a negative duration is none. */
function secondsBetween(from: string | null, until: string | null): number | null {
  const seconds = (Date.parse(until ?? '') - Date.parse(from ?? '')) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

function rangeOf(seconds: number): number {
  const range = rangeBounds.findIndex((bound) => seconds < bound);
  return range === -1 ? rangeBounds.length : range;
}

/**
 * The seconds below which this share of the counted durations lies, as if they were spread evenly over the range in
 * which it falls. Null without durations. Those of the open range count as its lower bound.
 */
export function percentile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let below = 0;
  for (const [range, count] of counts.entries()) {
    const lower = rangeBounds[range - 1] ?? 0;
    const upper = rangeBounds[range];
    if (below + count >= share * total && count > 0)
      return upper === undefined ? lower : lower + ((upper - lower) * (share * total - below)) / count;
    below += count;
  }
  return rangeBounds.at(-1) as number;
}
