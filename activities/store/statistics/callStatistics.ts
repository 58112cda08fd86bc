import { type CallStateName, callStates } from '../../../workflows/callOutcome.js';
import { type Database, iso, type Parameter } from '../database/database.js';
import { counters, funnelSteps } from './callFacts.js';

/** Which calls are counted: those requested in whole hours from `since` until `until`, ISO 8601. */
export interface StatisticsQuery {
  since: string;
  until: string;
  batch?: string;
  from?: string;
}

/** Counts of calls with an outcome, and of those without one. */
export interface CallStatistics {
  /** Every counter of callFacts.ts, summed. */
  counts: Record<string, number>;
  /** Calls that were not answered, by reason; `none` is one of them. Most calls first. */
  reasons: { reason: string; calls: number }[];
  callers: CallerStatistics[];
  points: StatisticsPoint[];
  /** Calls without an outcome: those under way by state; `done`: whose workflow ended without one. */
  unfinished: { state: CallStateName; calls: number }[];
}

/** Calls with an outcome, by their caller id. */
export interface CallerStatistics {
  from: string;
  calls: number;
  answered: number;
  human: number;
  machine: number;
  short: number;
}

/** Calls with an outcome that were requested in the hour, or the day in UTC, that begins at this time. */
export interface StatisticsPoint {
  /** ISO 8601. */
  at: string;
  calls: number;
  answered: number;
  human: number;
}

export interface CallStatisticsStore {
  /** `by`: how long each point lasts. At most the 50 caller ids with the most calls. */
  callStatistics(query: StatisticsQuery & { by: 'hour' | 'day' }): Promise<CallStatistics>;
}

const mostCallers = 50;
const steps = funnelSteps.map((step) => `step_${step}`);
/** SQL: how many calls, and how many of them fell into each class. */
const totals = `sum(${steps.join(' + ')})::integer as calls, sum(outcome_answered)::integer as answered,
  sum(by_human)::integer as human`;

export function callStatistics(db: Database): CallStatisticsStore {
  return {
    async callStatistics({ by, ...query }) {
      const parameters: Parameter[] = [query.since, query.until];
      const place = (value: Parameter) => `$${parameters.push(value)}`;
      const batchAt = query.batch === undefined ? null : place(query.batch);
      const fromAt = query.from === undefined ? null : place(query.from);
      const rows = scope('hour', batchAt, fromAt);
      const [[sums], reasons, callers, points, unfinished] = await Promise.all([
        db.query<Record<string, number>>(
          `select ${counters.map((counter) => `coalesce(sum(${counter}), 0)::integer as ${counter}`).join(', ')}
           from call_statistics where ${rows}`,
          parameters,
        ),
        db.query<CallStatistics['reasons'][number]>(
          `select key as reason, sum(value::integer)::integer as calls
           from call_statistics, jsonb_each_text(reasons) where ${rows} group by 1 order by calls desc, reason`,
          parameters,
        ),
        db.query<CallerStatistics>(
          `select from_number as "from", ${totals}, sum(by_machine)::integer as machine, sum(short)::integer as short
           from call_statistics where ${rows} group by 1 order by calls desc, "from" limit ${mostCallers}`,
          parameters,
        ),
        db.query<StatisticsPoint>(
          `select ${iso('at')} as at, calls, answered, human from (
             select date_trunc('${by}', hour, 'UTC') as at, ${totals} from call_statistics where ${rows} group by 1
           ) as points order by 1`,
          parameters,
        ),
        db.query<CallStatistics['unfinished'][number]>(
          unfinishedIn(scope('started_at', batchAt, fromAt)),
          parameters,
        ),
      ]);
      return { counts: sums ?? {}, reasons, callers, points, unfinished };
    },
  };
}

function scope(time: 'hour' | 'started_at', batchAt: string | null, fromAt: string | null): string {
  return [
    `${time} >= $1::timestamptz and ${time} < $2::timestamptz`,
    batchAt && `batch_id = ${batchAt}`,
    fromAt && `from_number = ${fromAt}`,
  ]
    .filter(Boolean)
    .join(' and ');
}

const unfinishedStates = callStates
  .filter((state) => state !== 'done')
  .map((state) => `'${state}'`)
  .join(', ');

// `offset 0`: the few calls without an outcome are read first, from the indexes that have them.
function unfinishedIn(rows: string): string {
  return `
    select state, count(*)::integer as calls from (
      select state, started_at, batch_id, from_number from calls where state in (${unfinishedStates})
      union all select state, started_at, batch_id, from_number from calls where workflow_end is not null
      offset 0
    ) as unfinished where ${rows} group by state order by state`;
}
