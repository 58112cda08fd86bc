import { sipUnwantedCode } from '../../../workflows/rules/sipResponse.js';
import { type Database, iso, type Parameter } from '../database/database.js';
import type { BatchStore, RedialCandidate } from './batchStore.js';

/** In any recorded call the callee refused further ones. */
const wasUnwanted = `exists (select from calls refused
  where refused.to_number = c.to_number and refused.sip_response_code = ${sipUnwantedCode})`;
const isListed = `exists (select from do_not_call listed
  where listed.to_number = c.to_number and (listed.expires_at is null or listed.expires_at > clock_timestamp()))`;

/** Which recorded calls a redial dials again. */
export function redialCandidates(db: Database): Pick<BatchStore, 'redialCandidates'> {
  return {
    async redialCandidates(query, { after, limit }) {
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
      const conditions = [
        ...scope('c'),
        "c.state = 'done' and c.to_number is not null",
        to && `c.to_number = ${place(to)}`,
        outcome && `c.outcome = any(${place(outcome)}::text[])`,
        reachability && `c.reachability = any(${place(reachability)}::text[])`,
        after &&
          `(c.started_at, c.call_id) > (${place(after.startedAt)}::timestamptz, ${place(after.callId)}::text)`,
        `not exists (select from calls later where later.to_number = c.to_number
          and (later.started_at, later.call_id) > (c.started_at, c.call_id)
          and (later.state <> 'done' or later.outcome = 'answered' or ${inScope('later')}))`,
      ].filter(Boolean);
      return db.query<RedialCandidate>(
        `select c.call_id as "callId", c.to_number as "to", ${iso('c.started_at')} as "startedAt", c.request,
           case when ${wasUnwanted} then 'unwanted' when ${isListed} then 'do-not-call' end as "leftOutBy"
         from calls c where ${conditions.join(' and ')}
         order by c.started_at, c.call_id limit ${place(limit)}`,
        parameters,
      );
    },
  };
}
