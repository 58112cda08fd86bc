import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import {
  type AnswererClass,
  answererClasses,
  type Duration,
  type FunnelStep,
  funnelSteps,
  mostAttempts,
  noReason,
  outcomeCounter,
  percentile,
  rangeBounds,
} from '../../../activities/store/statistics/callFacts.js';
import type { StatisticsQuery } from '../../../activities/store/statistics/callStatistics.js';
import type { CallStateName, DecidedBy } from '../../../workflows/callOutcome.js';
import { deciders } from '../../../workflows/callOutcome.js';
import { type Outcome, outcomes } from '../../../workflows/callRequest.js';
import { failureMeaning } from './failureMeaning.js';

/** A number of calls, and the query of `GET /calls` that lists exactly these. */
export interface Counted {
  calls: number;
  query: string;
}

/** How long something took, in seconds: the middle one, and what 95 of 100 stayed below. Null: nothing counted. */
export interface DurationReport {
  count: number;
  p50: number | null;
  p95: number | null;
}

export interface StatisticsReport {
  /** The whole hours that are counted, ISO 8601. */
  since: string;
  until: string;
  funnel: ({ step: FunnelStep; meaning: string } & Counted)[];
  outcomes: ({ outcome: Outcome } & Counted)[];
  answeredBy: ({ answeredBy: AnswererClass } & Counted)[];
  /** Calls under way. */
  unfinished: ({ state: CallStateName } & Counted)[];
  /** Calls that are over without an outcome. */
  withoutOutcome: Counted;
  failures: ({
    source: string | null;
    code: string | null;
    meaning: string | null;
    remedy: string | null;
    url: string | null;
  } & Counted)[];
  decidedBy: ({ decidedBy: DecidedBy; share: number } & Counted)[];
  /** `attempts`: how many the calls made; of the last entry, that many or more. */
  attempts: ({ attempts: number; answered: number; answeredQuery: string } & Counted)[];
  callers: ({
    from: string;
    answered: number;
    human: number;
    machine: number;
    short: number;
    shortQuery: string;
  } & Counted)[];
  secondsToRing: DurationReport;
  secondsToOutcome: DurationReport;
  callbackDelaySeconds: DurationReport;
  points: { bucketSeconds: number; values: { at: string; calls: number; answered: number; human: number }[] };
}

/** What each step of the funnel means. A call that got to a step got to all before it. */
export const stepMeanings: Record<FunnelStep, string> = {
  requested: 'Every call that was requested.',
  valid: 'The call is over, and its number was not found to be invalid.',
  placed: 'Twilio made at least one call to the number.',
  rang: 'The phone is known to have rung.',
  answered: 'The outcome is answered: by a person, a machine or a fax.',
  human: 'Machine detection says that a person answered.',
};

const hourMs = 3_600_000;
const longestByHourMs = 3 * 24 * hourMs;

/** The same query, of whole hours: numbers are kept by the hour in which a call was requested. */
export function wholeHours<Query extends Pick<StatisticsQuery, 'since' | 'until'>>(query: Query): Query {
  const since = new Date(Math.floor(Date.parse(query.since) / hourMs) * hourMs).toISOString();
  const until = new Date(Math.ceil(Date.parse(query.until) / hourMs) * hourMs).toISOString();
  return { ...query, since, until };
}

/** What became of the calls of this period. Every number has the query that lists its calls. */
export async function statisticsReport(
  store: OutcomeStore,
  asRequested: StatisticsQuery,
): Promise<StatisticsReport> {
  const query = wholeHours(asRequested);
  const by = Date.parse(query.until) - Date.parse(query.since) > longestByHourMs ? 'day' : 'hour';
  const { counts, reasons, callers, points, unfinished } = await store.callStatistics({ ...query, by });
  const listed = listedIn(query);
  const count = (counter: string) => counts[counter] ?? 0;
  const sumOf = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0);
  const finished = sumOf(funnelSteps.map((step) => count(`step_${step}`)));
  const underway = unfinished.filter(({ state }) => state !== 'done');
  const lost = unfinished.find(({ state }) => state === 'done')?.calls ?? 0;
  const requested = finished + lost + sumOf(underway.map(({ calls }) => calls));
  const duration = (name: Duration): DurationReport => {
    const ranges = Array.from({ length: rangeBounds.length + 1 }, (_, nth) => count(`${name}_${nth}`));
    return {
      count: sumOf(ranges),
      p50: rounded(percentile(ranges, 0.5)),
      p95: rounded(percentile(ranges, 0.95)),
    };
  };
  return {
    since: query.since,
    until: query.until,
    funnel: funnelSteps.map((step, nth) => ({
      step,
      meaning: stepMeanings[step],
      ...(nth === 0
        ? listed(requested, {})
        : listed(sumOf(funnelSteps.slice(nth).map((later) => count(`step_${later}`))), { reached: step })),
    })),
    outcomes: outcomes.map((outcome) => ({
      outcome,
      ...listed(count(outcomeCounter(outcome)), { outcome }),
    })),
    answeredBy: answererClasses.map((answeredBy) => ({
      answeredBy,
      ...listed(count(`by_${answeredBy}`), { outcome: 'answered', answeredBy }),
    })),
    unfinished: underway.map(({ state, calls }) => ({ state, ...listed(calls, { state }) })),
    withoutOutcome: listed(lost, { withoutOutcome: 'true' }),
    failures: reasons.map(({ reason, calls }) => ({ ...failureOf(reason), ...listed(calls, { reason }) })),
    decidedBy: deciders.map((decidedBy) => {
      const calls = count(`decided_${decidedBy}`);
      return { decidedBy, share: finished === 0 ? 0 : calls / finished, ...listed(calls, { decidedBy }) };
    }),
    attempts: Array.from({ length: mostAttempts + 1 }, (_, attempts) => {
      const made = { attempts: attempts === mostAttempts ? `${attempts}+` : String(attempts) };
      return {
        attempts,
        ...listed(count(`attempts_${attempts}`), made),
        answered: count(`answered_${attempts}`),
        answeredQuery: listed(0, { ...made, outcome: 'answered' }).query,
      };
    }),
    callers: callers.map(({ from, calls, ...rest }) => ({
      from,
      ...rest,
      ...listed(calls, { from, reached: 'requested' }),
      shortQuery: listed(0, { from, short: 'true' }).query,
    })),
    secondsToRing: duration('ring'),
    secondsToOutcome: duration('end'),
    callbackDelaySeconds: duration('delay'),
    points: { bucketSeconds: by === 'hour' ? 3600 : 86_400, values: points },
  };
}

/** A number with the query of the list behind it, in the period, batch and caller id of the statistics. */
function listedIn({ since, until, batch, from }: StatisticsQuery) {
  const scope = {
    ...(batch === undefined ? {} : { batch }),
    ...(from === undefined ? {} : { from }),
    since,
    until,
  };
  return (calls: number, filters: Record<string, string>): Counted => ({
    calls,
    query: new URLSearchParams({ ...scope, ...filters }).toString(),
  });
}

function failureOf(reason: string) {
  if (reason === noReason)
    return { source: null, code: null, meaning: 'Nobody gave a code.', remedy: null, url: null };
  const source = reason.split(':', 1)[0] as string;
  const code = reason.slice(source.length + 1);
  return { source, code, ...failureMeaning(source, code) };
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10) / 10;
}
