/** Does this text have the digits of the number? A client may have chosen a call id that does. */
const tells = (text: string) =>
  `exists (select from unnest(traces.digits) as d(digits) where position(d.digits in ${text}) > 0)`;
const ofCall = 'call_id = any(traces.call_ids)';

/**
 * What is erased of a number, table by table: one statement each, after `with traces as (…)`, which has `numbers`
 * (every spelling), `call_ids`, `digits` (the numbers without +) and `batch_rows`. A new table with personal data needs a line
 * here; test/privacy/personalData.test.ts fails until each of its columns is classified.
 */
export const erasedTables: readonly { table: string; statement: string }[] = [
  {
    table: 'dead_letters',
    statement: `delete from dead_letters t using traces
      where t.${ofCall} or t.payload ->> 'to' = any(traces.numbers)`,
  },
  {
    table: 'removed_calls',
    statement: `insert into removed_calls (call_id, why) select call_id, 'erased' from traces, unnest(traces.call_ids) as c(call_id)
      where not ${tells('call_id')} on conflict (call_id) do update set why = 'erased'`,
  },
  // With its attempts.
  { table: 'calls', statement: `delete from calls t using traces where t.${ofCall}` },
  // What stays: that a Twilio call belongs to an attempt, so that no other attempt takes it for its own.
  {
    table: 'placements',
    statement: `update placements t set to_number = '', requested_number = null, detail = null,
      result = coalesce(result, 'abandoned'), settled_at = coalesce(settled_at, clock_timestamp()),
      ended_at = coalesce(ended_at, clock_timestamp())
      from traces where t.${ofCall}`,
  },
  {
    table: 'placements',
    statement: `delete from placements t using traces where t.${ofCall} and ${tells('t.call_id')}`,
  },
  {
    table: 'invalid_numbers',
    statement: 'delete from invalid_numbers t using traces where t.to_number = any(traces.numbers)',
  },
  {
    table: 'do_not_call_removals',
    statement: 'delete from do_not_call_removals t using traces where t.to_number = any(traces.numbers)',
  },
  // An entry that holds stays, or the person would be called again. Its reason may name a call.
  {
    table: 'do_not_call',
    statement: `delete from do_not_call t using traces
      where t.to_number = any(traces.numbers) and t.expires_at <= clock_timestamp()`,
  },
  {
    table: 'do_not_call',
    statement: `update do_not_call t set reason = regexp_replace(t.reason, ', call .*\\)$', ')')
      from traces where t.to_number = any(traces.numbers) and t.source = 'opt-out'`,
  },
  // The row keeps what it counts for. An unknown field keeps a row that waits from being called.
  {
    table: 'batch_rows',
    statement: `update batch_rows t set request = '{"erased": true}',
      fault = case when t.fault is null then null else 'its number was erased' end
      from traces, jsonb_to_recordset(traces.batch_rows) as erased("batchNo" bigint, row integer)
      where t.batch_no = erased."batchNo" and t.row = erased.row`,
  },
  {
    table: 'workflow_checks',
    statement: `update workflow_checks t set call_id = '' from traces where t.${ofCall}`,
  },
];

/** Texts of operators and clients in small tables: only the number itself, `$1`, is taken out. */
export const replacedText: readonly string[] = [
  replaced('batches', ['name', 'cancel_reason'], ['defaults', 'redial_of']),
  replaced('bulk_operations', ['reason'], ['requested_filter', 'filter', 'reasons']),
  replaced('dialing_control', ['paused_reason', 'breaker_reason'], []),
];

function replaced(table: string, texts: string[], documents: string[]): string {
  const columns = [...texts, ...documents];
  const values = [
    ...texts.map((column) => `${column} = replace(${column}, $1::text, '(erased)')`),
    ...documents.map((column) => `${column} = replace(${column}::text, $1::text, '(erased)')::jsonb`),
  ];
  const has = columns.map((column) => `position($1::text in ${column}::text) > 0`);
  return `update ${table} set ${values.join(', ')} where ${has.join(' or ')}`;
}
