import { beforeEach, describe, expect, it } from 'vitest';
import type { DecidedBy } from '../../../workflows/callOutcome.js';
import type { Engine } from '../engines.js';
import { newCallId, outcome } from '../records.js';

export function operationsPageSuite(engine: () => Engine): void {
  const store = () => engine().store;
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

  async function record(decidedBy: DecidedBy, hours = 0): Promise<string> {
    const callId = newCallId();
    await store().saveOutcome(outcome(callId, { decidedBy, startedAt: hoursAgo(hours) }));
    return callId;
  }

  describe('facts about the health', () => {
    beforeEach(() =>
      engine().db.run('delete from calls; delete from dead_letters; delete from dialing_control'),
    );

    it('nothing was recorded: zero, and no breaker', async () => {
      expect(await store().readHealthFacts({ accountSid: 'AC1' })).toEqual({
        deadLetters: 0,
        byCallback: 0,
        byPoll: 0,
        breakerCode: null,
      });
    });

    it('calls of the last hour: counted by what decided them, older ones and other accounts not', async () => {
      for (const decidedBy of ['webhook', 'webhook', 'poll', 'cancel'] as const) await record(decidedBy);
      await record('poll', 2);
      await engine().db.run(`
        insert into dead_letters (id, call_id, url, type, payload, error, delivered_at)
        values ('a', 'x', 'https://x', 'call.ended', '{}', 'x', null), ('b', 'x', 'https://x', 'call.ended', '{}', 'x', now());
        insert into dialing_control (account_sid, breaker_opened_at, breaker_open_until, breaker_code)
        values ('AC1', now(), now(), '20003'), ('AC2', null, null, '20003');`);
      const facts = { deadLetters: 1, byCallback: 2, byPoll: 1 };
      expect(await store().readHealthFacts({ accountSid: 'AC1' })).toEqual({
        ...facts,
        breakerCode: '20003',
      });
      expect(await store().readHealthFacts({ accountSid: 'AC2' })).toEqual({ ...facts, breakerCode: null });
    });
  });

  describe('looks at whole numbers', () => {
    it('of a recorded call: kept with who and when, newest first', async () => {
      const callId = await record('webhook');
      expect(await store().recordReveal({ callId, by: 'jane' })).toBe(true);
      expect(await store().recordReveal({ callId, by: null })).toBe(true);
      const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(await store().listReveals(callId)).toEqual([
        { at, by: null },
        { at, by: 'jane' },
      ]);
    });

    it('of a call without a row: not kept, and said so', async () => {
      const callId = newCallId();
      expect(await store().recordReveal({ callId, by: 'jane' })).toBe(false);
      expect(await store().listReveals(callId)).toEqual([]);
    });
  });
}
