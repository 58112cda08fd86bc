import { sipUnwantedCode } from '../../../workflows/rules/sipResponse.js';
import { type Database, iso, type Parameter } from '../database/database.js';
import type { BatchStore, RedialCandidate } from './batchStore.js';

/** The callee as the call has it, and as it was requested: Lookup may spell it otherwise. */
const spellings = `array[c.to_number, (select r.request ->> 'to' from calls r where r.call_id = c.call_id)]`;
/** In any recorded call the callee refused further ones. */
const wasUnwanted = `exists (select from calls refused
  where refused.to_number = any(${spellings}) and refused.sip_response_code = ${sipUnwantedCode})`;
const isListed = `exists (select from do_not_call listed
  where listed.to_number = any(${spellings}) and (listed.expires_at is null or listed.expires_at > clock_timestamp()))`;

/** How many calls one statement looks at: far fewer than its time limit allows, on a slow disk too. */
const callsPerStep = 5000;

/**
 * Which recorded calls a redial dials again. Each statement reads the next `callsPerStep` calls of an index and
 * tests them, so a query that matches little takes many short statements, and none reads the whole history.
 */
export function redialCandidates(
  db: Database,
  stepSize: number = callsPerStep,
): Pick<BatchStore, 'redialCandidates'> {
  return {
    async redialCandidates(query, { after, limit }) {
      const found: RedialCandidate[] = [];
      for (let from: Place | null = after; found.length < limit; ) {
        const { statement, parameters } = stepOf(query, from, stepSize);
        const [step] = await db.query<Step>(statement, parameters);
        found.push(...(step?.candidates ?? []));
        from = step?.last ?? null;
        if (from === null) break;
      }
      return found.slice(0, limit);
    },
  };
}

type Query = Parameters<BatchStore['redialCandidates']>[0];

/** A place in the sequence of calls by start. */
type Place = Pick<RedialCandidate, 'callId' | 'startedAt'>;

interface Step {
  candidates: RedialCandidate[];
  /** The last call that was looked at; null if there are no more. */
  last: Place | null;
}

function stepOf(query: Query, from: Place | null, size: number) {
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(value)}`;
  const { batch, to, since, until, outcome, reachability } = query;
  const batchAt = batch === undefined ? null : place(batch);
  const sinceAt = since === undefined ? null : place(since.toUpperCase());
  const untilAt = until === undefined ? null : place(until.toUpperCase());
  /** What the query speaks of, before it looks at how a call ended. */
  const scope = (call: string) =>
    [
      batchAt && `${call}.batch_id = ${batchAt}`,
      sinceAt && `${call}.started_at >= ${sinceAt}::timestamptz`,
      untilAt && `${call}.started_at < ${untilAt}::timestamptz`,
    ].filter((condition) => condition !== null);
  const inScope = (call: string) => scope(call).join(' and ') || 'true';
  const sizeAt = place(size);
  const fromAt = from && `${place(from.startedAt)}::timestamptz, ${place(from.callId)}::text`;
  const bounds = [
    fromAt && `(c.started_at, c.call_id) > (${fromAt})`,
    sinceAt && `c.started_at >= ${sinceAt}::timestamptz`,
    untilAt && `c.started_at < ${untilAt}::timestamptz`,
  ];
  const read = (condition: string | null) =>
    `(select c.call_id, c.started_at, c.state, c.to_number, c.outcome, c.reachability, c.batch_id from calls c
      where ${[condition, ...bounds].filter(Boolean).join(' and ') || 'true'}
      order by c.started_at, c.call_id limit ${sizeAt})`;
  // Each value apart: only for one value does an index have its calls by start.
  const readEach = (column: string, values: readonly string[]) =>
    values.map((value) => read(`c.${column} = ${place(value)}`)).join(' union all ');
  // The condition that leaves the fewest calls comes first. Each has an index that ends with the start.
  const scanned = batch
    ? readEach('batch_id', [batch])
    : to
      ? readEach('to_number', [to])
      : outcome
        ? readEach('outcome', outcome)
        : reachability
          ? readEach('reachability', reachability)
          : read(null);
  // `offset 0` has the later calls looked up by number for each call, instead of joined as a whole.
  const conditions = [
    ...scope('c'),
    'c.outcome is not null and c.to_number is not null',
    to && `c.to_number = ${place(to)}`,
    outcome && `c.outcome = any(${place(outcome)}::text[])`,
    reachability && `c.reachability = any(${place(reachability)}::text[])`,
    `not exists (select from calls later where later.to_number = c.to_number
      and (later.started_at, later.call_id) > (c.started_at, c.call_id)
      and (later.state <> 'done' or later.outcome = 'answered' or ${inScope('later')}) offset 0)`,
  ].filter(Boolean);
  const statement = `
    with scanned as materialized (
      select * from (${scanned}) as s order by s.started_at, s.call_id limit ${sizeAt}
    )
    select
      (select json_build_object('callId', s.call_id, 'startedAt', ${iso('s.started_at')}) from scanned s
       where (select count(*) from scanned) = ${sizeAt}
       order by s.started_at desc, s.call_id desc limit 1) as last,
      (select coalesce(json_agg(json_build_object('callId', c.call_id, 'to', c.to_number,
          'startedAt', ${iso('c.started_at')},
          'request', (select r.request from calls r where r.call_id = c.call_id),
          'leftOutBy', case when ${wasUnwanted} then 'unwanted' when ${isListed} then 'do-not-call' end)
          order by c.started_at, c.call_id), '[]')
       from scanned c where ${conditions.join(' and ')}) as candidates`;
  return { statement, parameters };
}
