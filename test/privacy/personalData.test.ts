import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasedTables, replacedText } from '../../activities/store/removal/erasedTables.js';
import { counters } from '../../activities/store/statistics/callFacts.js';
import { newAttempt } from '../../workflows/call/attempt.js';
import { type Engine, engines } from '../store/engines.js';
import { newClaim, outcome } from '../store/records.js';

/**
 * What each column may hold. `personal`: data of the person at a number, so the erasure must see to the table. `call-id`, `sid`:
 * pseudonyms. `free-text`: what operators and clients write; the erasure takes the number out. `own`: names of tokens, caller ids, and
 * what belongs to the operator. `plain`: times, counts, states. A new column needs an entry here.
 */
const classes: Record<string, Record<string, string[]>> = {
  calls: {
    personal: ['to_number', 'metadata', 'request', 'document', 'workflow_end'],
    'call-id': ['call_id'],
    sid: ['call_sid'],
    own: ['from_number', 'requested_by', 'batch_id'],
    plain:
      'state progress started_at ended_at outcome reachability answered_by decided_by error_code sip_response_code duration_seconds furthest attempt_count reason waiting_by waiting_until'.split(
        ' ',
      ),
  },
  call_statistics: { own: ['batch_id', 'from_number'], plain: ['hour', 'part', 'reasons', ...counters] },
  bulk_operations: {
    'free-text': [
      'requested_filter',
      'filter',
      'reason',
      'reasons',
      'taken',
      'last_call_id',
      'position_call_id',
    ],
    own: ['operation_id', 'requested_by', 'stopped_by', 'content_hash'],
    plain:
      'operation_no action expected created_at last_started_at position_started_at done refused failed stopped_at ended_at'.split(
        ' ',
      ),
  },
  attempts: {
    personal: ['document'],
    'call-id': ['call_id'],
    sid: ['call_sid'],
    plain:
      'number status progress outcome decided_by error_code sip_response_code placed_at answered_at ended_at duration_seconds answered_by'.split(
        ' ',
      ),
  },
  number_reveals: { 'call-id': ['call_id'], own: ['revealed_by'], plain: ['reveal_no', 'revealed_at'] },
  placements: {
    personal: ['to_number', 'requested_number', 'detail'],
    'call-id': ['call_id'],
    sid: ['call_sid'],
    own: ['from_number', 'account_sid'],
    plain: 'attempt placement claimed_at settled_at result ended_at provider_failed responded_at'.split(' '),
  },
  dead_letters: {
    personal: ['payload', 'url', 'error'],
    'call-id': ['call_id'],
    plain: 'id type failed_at resends resent_at delivered_at'.split(' '),
  },
  invalid_numbers: {
    personal: ['to_number', 'message'],
    'call-id': ['call_id'],
    plain: ['source', 'code', 'seen_at'],
  },
  do_not_call: {
    personal: ['to_number', 'reason'],
    own: ['added_by'],
    plain: ['source', 'added_at', 'expires_at'],
  },
  do_not_call_removals: {
    personal: ['to_number', 'reason'],
    own: ['removed_by', 'added_by'],
    plain: ['removal_no', 'removed_at', 'source', 'added_at'],
  },
  batch_rows: {
    personal: ['request', 'fault'],
    plain: 'batch_no row state outcome started_at checked_at cancel_requested_at'.split(' '),
  },
  batches: {
    'free-text': ['name', 'defaults', 'redial_of', 'cancel_reason'],
    own: ['batch_id', 'requested_by', 'controls', 'metadata_names', 'content_hash'],
    plain:
      'batch_no call_window total next_row created_at taken_up_at paused_at canceled_at ended_at purged_at'.split(
        ' ',
      ),
  },
  dialing_control: {
    'free-text': ['paused_reason', 'breaker_reason'],
    own: ['account_sid', 'paused_by'],
    plain:
      'calls_per_second calls_in_flight contacts_per_number contacts_period_seconds calls_per_number paused_at breaker_opened_at breaker_open_until breaker_failed_tests breaker_code breaker_prefixes breaker_counts_since'.split(
        ' ',
      ),
  },
  erasures: {
    personal: ['to_number'],
    own: ['requested_by'],
    'call-id': ['waiting_for'],
    plain: 'erasure_id requested_at leased_until calls workflows finished_at'.split(' '),
  },
  removed_calls: { 'call-id': ['call_id'], plain: ['why', 'removed_at'] },
  workflow_checks: { 'call-id': ['call_id'], plain: ['only_row', 'next_at', 'state', 'started_at'] },
  batch_counts: { plain: ['batch_no', 'ended', 'count'] },
  further_accounts: { own: ['account_sid', 'name', 'default_from'], plain: ['seen_at'] },
  events: { 'call-id': ['call_id'], plain: ['attempt', 'outcome', 'recorded_at', 'event_no', 'position'] },
  event_numbering: { plain: ['only_row', 'last_position'] },
  event_removals: { plain: ['only_row', 'last_position'] },
  account_pacing: { own: ['account_sid'], plain: ['next_send_at', 'spacing'] },
  dialing_log: { own: ['account_sid', 'changed_by'], plain: ['entry_no', 'changed_at', 'change', 'limits'] },
  purges: { plain: ['only_row', 'next_at'] },
  ringtrue_migrations: { plain: ['version', 'name', 'applied_at'] },
  ringtrue_functions: { plain: ['only_row', 'version', 'hash', 'applied_at'] },
};

let engine: Engine;
beforeAll(async () => {
  engine = await (engines[0] as (typeof engines)[number]).open();
});
afterAll(() => engine.close());

const tablesWith = (kind: string) =>
  Object.keys(classes)
    .filter((table) => classes[table]?.[kind])
    .sort();

/** Every row of every table as text: what a dump shows. */
async function dump(): Promise<string> {
  const texts: string[] = [];
  for (const table of Object.keys(classes)) {
    const rows = await engine.db.query<{ row: string }>(
      `select '${table}: ' || t::text as row from ${table} t`,
    );
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

describe('personal data in the store', () => {
  it('every column of every table: has a class', async () => {
    const columns = await engine.db.query<{ column: string }>(
      `select table_name || '.' || column_name as column from information_schema.columns
       where table_schema = 'public' order by 1`,
    );
    const classified = Object.entries(classes).flatMap(([table, kinds]) =>
      Object.values(kinds)
        .flat()
        .map((column) => `${table}.${column}`),
    );
    expect(columns.map(({ column }) => column)).toEqual(classified.sort());
  });

  it('every table with personal data: the erasure sees to it', () => {
    const erased = new Set(erasedTables.map(({ table }) => table));
    // Attempts go with their call; an erasure forgets its own number.
    for (const table of ['attempts', 'erasures']) erased.add(table);
    expect([...erased].sort()).toEqual(
      [...tablesWith('personal'), 'removed_calls', 'workflow_checks'].sort(),
    );
    const replaced = replacedText.map((statement) => /^update (\w+)/.exec(statement)?.[1] ?? '');
    expect(replaced.sort()).toEqual(tablesWith('free-text'));
  });

  it('a number in every column that may hold it: the dump has it in the do-not-call list alone', async () => {
    const { store, db } = engine;
    const [canonical, spelled] = ['+525512345678', '+5215512345678'];
    const [to, other] = [canonical, '+12065550199'];
    const claim = newClaim({ to, requestedTo: spelled });
    const { callId } = claim;
    await store.claimPlacement(claim);
    const sid = `CA${'5'.repeat(32)}`;
    const detail = { message: `refused ${to}` };
    await store.settlePlacement({ ...claim, result: 'created', callSid: sid, detail });
    const reason = { code: '21211', source: 'twilio', message: `Anna at ${to} is no number` } as const;
    const attempt = { ...newAttempt(1), callSid: sid, outcome: 'invalid-number', reason } as const;
    const request = {
      to: spelled,
      twiml: '<Response><Say>Dear Anna</Say></Response>',
      metadata: { name: 'Anna' },
    };
    await store.addCall({
      callId,
      to,
      from: '+15005550006',
      metadata: { name: 'Anna' },
      startedAt: new Date().toISOString(),
      request,
    });
    await store.saveOutcome({
      ...outcome(callId),
      to,
      requestedTo: spelled,
      outcome: 'invalid-number',
      reason,
      attempts: [attempt],
      metadata: { name: 'Anna' },
    });
    const notification = {
      callId,
      url: 'https://crm.example/anna',
      type: 'call.ended',
      payload: { ...outcome(callId), to },
    } as const;
    await store.saveDeadLetter({ id: 'msg_1', notification, error: `Anna's server says ${to}` });
    for (const number of [to, spelled]) {
      await store.addToDoNotCall({ to: number, reason: `Anna at ${number}`, expiresAt: null, source: 'api' });
      await store.removeFromDoNotCall(number, 'ops');
    }
    await store.addToDoNotCall({
      to,
      reason: 'unwanted (SIP 607, call call-of-anna)',
      expiresAt: null,
      source: 'opt-out',
    });
    await store.pauseDialing({ accountSid: 'AC1', reason: `somebody at ${to} complained` });
    const draft = await store.createDraft({
      name: `for ${to}`,
      window: 5,
      defaults: { to: spelled },
      redialOf: { to },
      paused: false,
    });
    await store.addBatchRows(draft, 1, [
      { to, metadata: { name: 'Anna' } },
      { to: other },
      { twiml: 'Anna' },
    ]);
    await store.publishDraft(draft, { batchId: 'batch-1', total: 3, contentHash: null, metadataNames: [] });
    await store.releaseRows('batch-1', 1);
    await store.refuseRows('batch-1', [{ row: 1, fault: `to is ${to}` }]);
    await store.controlBatch({ batchId: 'batch-1', what: 'cancel', reason: `${to} moved` });
    const stays = newClaim({ to: other });
    await store.claimPlacement(stays);
    await store.addCall({
      callId: stays.callId,
      to: other,
      from: '+15005550006',
      metadata: {},
      startedAt: new Date().toISOString(),
    });
    const before = await dump();
    for (const table of tablesWith('personal'))
      if (table !== 'erasures') expect(before).toMatch(new RegExp(`^${table}: .*(Anna|5512345678)`, 'm'));

    const { id } = await store.addErasure({ id: 'erasure-1', number: to, requestedBy: 'ops' });
    expect((await store.addErasure({ id: 'erasure-2', number: to, requestedBy: null })).id).toBe('erasure-1');
    expect(await store.takeErasure(60)).toEqual({ id, number: to });
    expect(await store.takeErasure(60)).toBeNull();
    const traces = await store.findTraces(to);
    expect(traces).toMatchObject({
      callIds: [callId],
      runningCallIds: [],
      batchIds: ['batch-1'],
      deadLetterIds: ['msg_1'],
    });
    expect(traces.numbers.sort()).toEqual([spelled, canonical]);
    expect((await store.findTraces(spelled)).numbers.sort()).toEqual([spelled, canonical]);
    const rows = await store.findBatchRows(traces.numbers);
    expect(rows.map(({ callId: of }) => of)).toEqual(['batch-1-1', 'batch-1-3']);
    await store.eraseTraces(id, { ...traces, rows, workflows: 2 });
    await store.finishErasure(id);

    const after = await dump();
    const left = after.split('\n').filter((line) => /Anna|anna|5512345678/.test(line));
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^do_not_call: .*"?unwanted \(SIP 607\)/);
    expect(await store.findErasure(id)).toMatchObject({
      state: 'done',
      calls: 1,
      workflows: 2,
      waitingFor: null,
    });
    expect(await store.whyRemoved(callId)).toBe('erased');
    expect(await store.findCallState(callId)).toBeNull();
    expect(await store.claimedSids([sid])).toEqual(new Set([sid]));
    expect(await store.claimPlacement({ ...claim, placement: 2 })).toMatchObject({ claimed: false });
    // What belongs to others stays, and so do counts.
    expect(await store.findCallState(stays.callId)).toMatchObject({ to: other });
    expect((await store.findBatch('batch-1'))?.progress.counts).toMatchObject({
      total: 3,
      refused: 1,
      withdrawn: 2,
    });
    expect(await store.batchResults('batch-1', { after: 0, limit: 9 })).toMatchObject([
      { row: 1, to: expect.any(String), state: 'refused', reason: 'its number was erased' },
      { row: 2, to: other },
      { row: 3, state: 'withdrawn' },
    ]);
    await db.query("delete from do_not_call where source = 'opt-out'");
  });
});
