import { describe, expect, it } from 'vitest';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import type { CallStateName } from '../../../workflows/callOutcome.js';
import type { Engine } from '../engines.js';
import { attempt, busyAttempt, newCallId, newClaim, newSid, opened, outcome, update } from '../records.js';

type Step = (store: OutcomeStore, callId: string) => Promise<unknown>;

const open: Step = (store, callId) => store.addCall(opened(callId));
const save =
  (state: CallStateName, saved = attempt()): Step =>
  (store, callId) =>
    store.saveAttempt({ callId, state, attempt: saved });
const callback =
  (state: CallStateName, status: string, number = 1, differing = {}): Step =>
  async (store, callId) => {
    await placed(store, callId, number);
    await store.recordProgress({ callId, attempt: number, state, update: update(status, differing) });
  };
/** Callbacks come of what was dialed only. */
async function placed(store: OutcomeStore, callId: string, number = 1): Promise<void> {
  await store.claimPlacement({ ...newClaim(), callId, attempt: number });
}
const placing: Step = (store, callId) => store.markPlacing({ callId, to: '+15005550006' });
const unknownAttempt: Step = (store, callId) =>
  store.recordProgress({ callId, attempt: 7, state: 'ringing', update: update('ringing') });
const finish: Step = (store, callId) => store.saveOutcome(outcome(callId));

export function callRowSuite(engine: () => Engine): void {
  async function run(steps: Step[]) {
    const callId = newCallId();
    for (const step of steps) await step(engine().store, callId);
    return { callId, found: await engine().store.findCallState(callId) };
  }

  describe('the state of a call', () => {
    const second = attempt({ number: 2, callSid: newSid() });
    it.each<[string, Step[], CallStateName]>([
      ['accepted: looking up', [open], 'looking-up'],
      ['about to be dialed: placing', [open, placing], 'placing'],
      ['placing written late: stays as it was', [open, save('queued'), placing], 'queued'],
      ['callback of an attempt that was never placed: ignored', [open, unknownAttempt], 'looking-up'],
      ['accepted twice: stays as it was', [open, save('queued'), open], 'queued'],
      ['placed: queued', [open, save('queued')], 'queued'],
      ['placed, but never added: has a row all the same', [save('queued')], 'queued'],
      ['callback says ringing: ringing', [open, save('queued'), callback('ringing', 'ringing')], 'ringing'],
      [
        'callback comes before the create is known: ringing',
        [open, callback('ringing', 'ringing')],
        'ringing',
      ],
      [
        'create is known after the callback: stays ringing',
        [open, callback('ringing', 'ringing'), save('queued')],
        'ringing',
      ],
      [
        'callbacks come in the wrong order: the later state stays',
        [open, callback('in-progress', 'in-progress'), callback('ringing', 'ringing')],
        'in-progress',
      ],
      ['callback of a call without a row: ignored', [callback('ringing', 'ringing')], 'looking-up'],
      [
        'callback with another SID: ignored',
        [open, save('queued'), callback('ringing', 'ringing', 1, { callSid: newSid() })],
        'queued',
      ],
      [
        'callback after the attempt is settled: ignored',
        [open, save('waiting-to-retry', busyAttempt()), callback('in-progress', 'in-progress')],
        'waiting-to-retry',
      ],
      [
        'callback of the first attempt during the second: ignored',
        [
          open,
          save('waiting-to-retry', busyAttempt()),
          save('placing', second),
          callback('ringing', 'ringing'),
        ],
        'placing',
      ],
      [
        'callback of the second attempt before anything else about it: ringing',
        [
          open,
          save('waiting-to-retry', busyAttempt()),
          callback('ringing', 'ringing', 2, { callSid: newSid() }),
        ],
        'ringing',
      ],
      [
        'attempt under way written after it was settled: stays settled',
        [open, save('waiting-to-retry', busyAttempt()), save('queued')],
        'waiting-to-retry',
      ],
      [
        'first attempt written again during the second: the second counts',
        [open, save('queued', second), save('waiting-to-retry', busyAttempt())],
        'queued',
      ],
      [
        'waits for capacity after placing began: waiting',
        [open, save('placing'), save('waiting')],
        'waiting',
      ],
      [
        'an attempt says done without an outcome: recording',
        [open, save('done', busyAttempt())],
        'recording',
      ],
      ['a state that no callback can have: ignored', [open, callback('done', 'completed')], 'looking-up'],
      ['outcome recorded: done', [open, save('queued'), finish], 'done'],
      ['outcome recorded, but never added: done', [finish], 'done'],
      ['added after the outcome: stays done', [finish, open], 'done'],
      ['attempt written after the outcome: stays done', [open, finish, save('queued')], 'done'],
      ['callback after the outcome: stays done', [open, finish, callback('ringing', 'ringing')], 'done'],
    ])('%s', async (name, steps, state) => {
      const { found } = await run(steps);
      if (name.includes('without a row')) expect(found).toBeNull();
      else expect(found?.state).toBe(state);
    });

    it('no such call: null', async () => {
      expect(await engine().store.findCallState('no such call')).toBeNull();
      expect(await engine().store.findCallState('no \0 such call')).toBeNull();
    });
  });

  describe('an attempt', () => {
    it('an attempt is written twice: one row, with what was written last', async () => {
      const { found } = await run([save('queued'), save('ringing', attempt({ status: 'ringing' }))]);
      expect(found?.attempts).toEqual([attempt({ status: 'ringing' })]);
    });

    it('a settled attempt is written again as under way: stays settled', async () => {
      const { found } = await run([save('waiting-to-retry', busyAttempt()), save('queued')]);
      expect(found?.attempts).toEqual([busyAttempt()]);
    });

    it('a callback knows more than the attempt that is written after it: its status and evidence stay', async () => {
      const { found } = await run([open, callback('ringing', 'ringing'), save('queued')]);
      const updates = [update('ringing')];
      const { evidence } = attempt();
      expect(found?.attempts).toEqual([attempt({ status: 'ringing', evidence: { ...evidence, updates } })]);
    });

    it('a callback names the SID before Twilio answers the create request: the SID stays', async () => {
      const { found } = await run([
        open,
        callback('queued', 'initiated', 1, { callSid: 'CA5' }),
        save('placing', attempt({ callSid: null, status: null })),
      ]);
      expect(found?.attempts[0]).toMatchObject({ callSid: 'CA5', status: 'initiated' });
    });

    it('several callbacks: each is stored as evidence, a repeated one once', async () => {
      const { found } = await run([
        open,
        save('queued'),
        callback('ringing', 'ringing'),
        callback('ringing', 'ringing'),
        callback('in-progress', 'in-progress'),
      ]);
      expect(found?.attempts[0]?.evidence.updates.map((u) => u.status)).toEqual(['ringing', 'in-progress']);
    });

    it('the first attempt is settled during the second: written, sorted by number', async () => {
      const second = attempt({ number: 2, callSid: newSid() });
      const { found } = await run([open, save('queued', second), save('waiting-to-retry', busyAttempt())]);
      expect(found?.attempts).toEqual([busyAttempt(), second]);
    });
  });

  describe('the outcome', () => {
    it('an outcome is recorded: found as it was recorded, with its attempts', async () => {
      const { callId, found } = await run([open, save('queued'), finish]);
      expect(found).toEqual({
        ...opened(callId),
        state: 'done',
        attempts: [busyAttempt()],
        outcome: outcome(callId),
        waitingFor: null,
        nextAttemptAt: null,
        paused: false,
        pauseReason: null,
        requestedBy: null,
        controls: [],
      });
    });

    it('two different outcomes are recorded: the first stays, with its attempts', async () => {
      const later: Step = (store, callId) =>
        store.saveOutcome(outcome(callId, { outcome: 'unknown', attempts: [attempt({ status: 'failed' })] }));
      const { callId, found } = await run([finish, later]);
      expect(found?.outcome).toEqual(outcome(callId));
      const rows = await engine().db.query<{ status: string }>(
        'select status from attempts where call_id = $1',
        [callId],
      );
      expect(rows).toEqual([{ status: 'busy' }]);
    });

    it('twenty outcomes are recorded at once: one of them, complete', async () => {
      const callId = newCallId();
      const { stores, store } = engine();
      const codes = Array.from({ length: 20 }, (_, n) => n);
      const results = await Promise.all(
        codes.map((code) =>
          (stores[code % stores.length] ?? store).saveOutcome(
            outcome(callId, { errorCode: code, attempts: [{ ...busyAttempt(), errorCode: code }] }),
          ),
        ),
      );
      const found = await store.findCallState(callId);
      for (const recorded of results) expect(recorded).toEqual(found?.outcome);
      expect(found?.outcome?.attempts[0]?.errorCode).toBe(found?.outcome?.errorCode);
      const rows = await engine().db.query<{ call: number; attempt: number }>(
        'select c.error_code as call, a.error_code as attempt from calls c join attempts a using (call_id) where call_id = $1',
        [callId],
      );
      expect(rows).toEqual([{ call: found?.outcome?.errorCode, attempt: found?.outcome?.errorCode }]);
    });

    it('an outcome has no attempts: recorded all the same', async () => {
      const { callId, found } = await run([
        open,
        (store, id) =>
          store.saveOutcome(
            outcome(id, { outcome: 'invalid-number', decidedBy: 'lookup', attempts: [], callSid: null }),
          ),
      ]);
      expect(found?.outcome).toMatchObject({ callId, outcome: 'invalid-number', attempts: [] });
    });

    it('an outcome holds characters that the database cannot store: recorded, with U+FFFD instead', async () => {
      const strange = {
        'key\0': 'nul \0, half \ud83d, whole \ud83d\udcde, written \\u0000 and \\\\ud800, "quoted"',
      };
      let result: unknown;
      const { found } = await run([
        async (store, id) => {
          result = await store.saveOutcome(outcome(id, { metadata: strange }));
        },
      ]);
      expect(result).toEqual(found?.outcome);
      expect(found?.outcome?.metadata).toEqual({
        'key\ufffd': 'nul \ufffd, half \ufffd, whole \ud83d\udcde, written \\u0000 and \\\\ud800, "quoted"',
      });
    });
  });

  it('an attempt created the row, and the call is added later: it gets numbers, start and metadata', async () => {
    const { callId, found } = await run([save('queued'), open]);
    expect(found?.state).toBe('queued');
    const rows = await engine().db.query(
      `select to_number, metadata, started_at = '2026-01-02T03:04:05Z' as started from calls where call_id = $1`,
      [callId],
    );
    expect(rows).toEqual([{ to_number: '+15005550006', metadata: { customer: '42' }, started: true }]);
  });
}
