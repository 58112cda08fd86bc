import { describe, expect, it } from 'vitest';
import type { PlacementResult } from '../../../activities/store/placements/placementJournal.js';
import { admissionBench, type Claim } from '../admissionBench.js';
import type { Engine } from '../engines.js';
import { attempt, busyAttempt, newCallId, newSid, outcome } from '../records.js';

/** What blocks a claim: pause, lists, invalid numbers, calls in flight to the number, contacts per period. */
export function admissionSuite(engine: () => Engine): void {
  const { atOnce, newAccount, claim, by, settle, sql, control, ago } = admissionBench(engine);

  describe('dialing is blocked', () => {
    it('the operator has paused the account: not claimed, with the reason, until it is resumed', async () => {
      const request = newAccount()();
      await control(request.accountSid, { paused_at: ago(1), paused_reason: 'a fire drill' });
      expect(await claim(request)).toEqual({ claimed: false, by: 'paused', reason: 'a fire drill' });
      await control(request.accountSid, { paused_at: null });
      expect(await by(request)).toBe('claimed');
    });

    it('the placement was claimed before, and now the account is paused and full: the entry is returned all the same', async () => {
      const request = newAccount({ callsInFlight: 1 })();
      await claim(request);
      await control(request.accountSid, { paused_at: ago(1) });
      const [before] = await sql('select * from account_pacing where account_sid = $1', [request.accountSid]);
      expect(await by(request)).toBe('already-claimed');
      const [after] = await sql('select * from account_pacing where account_sid = $1', [request.accountSid]);
      expect(after).toEqual(before);
    });

    it('the number is on the do-not-call list: not claimed, with reason and source; not after it has expired', async () => {
      const [listed, expired] = [newAccount()(), newAccount()()];
      const put = `insert into do_not_call (to_number, reason, source, expires_at) values ($1, 'wants no calls', 'api', $2)`;
      await sql(put, [listed.to, ago(-60)]);
      await sql(put, [expired.to, ago(1)]);
      expect(await claim(listed)).toEqual({
        claimed: false,
        by: 'do-not-call',
        reason: 'wants no calls',
        source: 'api',
      });
      expect(await by(expired)).toBe('claimed');
    });
  });

  describe('a preview of placements', () => {
    it('several things are in the way: each is named in the order of the checks, and nothing is claimed or written', async () => {
      const limits = { callsPerNumber: 1, callsInFlight: 1, contactsPerNumber: { count: 1, seconds: 3600 } };
      const newRequest = newAccount({ ...limits, callsPerSecond: 0.01 }, { sendWithinSeconds: 0 });
      const first = newRequest();
      expect(await by(first)).toBe('claimed');
      const next = newRequest({ to: first.to });
      await control(first.accountSid, { paused_at: ago(1), paused_reason: 'a fire drill' });
      await sql(`insert into do_not_call (to_number, reason, source) values ($1, 'no', 'api')`, [first.to]);
      const rows = () => sql('select * from placements where account_sid = $1', [first.accountSid]);
      const before = await rows();
      const elsewhere = newRequest();
      const free = newAccount()();
      const refusals = await engine().store.previewPlacements([next, elsewhere, free]);
      const named = refusals.map((all) => all.map((refusal) => refusal.by));
      const forAccount = ['account-limit', 'rate-limit'];
      expect(named).toEqual([
        ['paused', 'do-not-call', 'number-in-flight', 'pair-in-progress', 'contact-limit', ...forAccount],
        ['paused', ...forAccount],
        [],
      ]);
      expect(await rows()).toEqual(before);
      // A claim stops at the first of them.
      expect(await by(next)).toBe('paused');
      expect(await engine().store.previewPlacements([])).toEqual([]);
    });

    it('a claim between the numbers is so old that it is abandoned: not in the way, and left as it is', async () => {
      const newRequest = newAccount();
      const old = newRequest();
      await claim(old);
      await sql(`update placements set claimed_at = $2 where call_id = $1`, [old.callId, ago(7200)]);
      const next = newRequest({ to: old.to, from: old.from });
      expect(await engine().store.previewPlacements([next])).toEqual([[]]);
      const [row] = await sql('select result from placements where call_id = $1', [old.callId]);
      expect(row).toEqual({ result: null });
      expect(await by(next)).toBe('claimed');
    });
  });

  describe('Lookup spells the number otherwise than the request', () => {
    const bySpelling = (request: Claim, to: string, requestedTo: string) =>
      by({ ...request, to, requestedTo });

    it('the requested spelling is on the do-not-call list, or was: not claimed while its entry holds', async () => {
      const [request, other, expired] = [newAccount()(), newAccount()(), newAccount()()];
      const put = `insert into do_not_call (to_number, reason, source, expires_at) values ($1, '', 'api', $2)`;
      await sql(put, [request.to, null]);
      await sql(put, [expired.to, ago(1)]);
      const [refusals] = await engine().store.previewPlacements([{ ...other, requestedTo: request.to }]);
      expect(refusals).toMatchObject([{ by: 'do-not-call' }]);
      expect(await bySpelling(other, other.to, request.to)).toBe('do-not-call');
      expect(await bySpelling(other, other.to, expired.to)).toBe('claimed');
    });

    it('a call to the requested spelling is in flight, or was placed: the limits per number count it', async () => {
      const inFlight = newAccount({ callsPerNumber: 1 });
      const [first, second] = [inFlight(), inFlight()];
      expect(await by(first)).toBe('claimed');
      expect(await bySpelling(second, second.to, first.to)).toBe('number-in-flight');
      const contacts = newAccount({ contactsPerNumber: { count: 1, seconds: 60 } });
      const [third, fourth] = [contacts(), contacts()];
      expect(await by(third)).toBe('claimed');
      await settle(third, 'created', newSid());
      expect(await bySpelling(fourth, fourth.to, third.to)).toBe('contact-limit');
    });

    it('an unclear placement to the requested spelling, from the same number: nothing is placed beside it', async () => {
      const newRequest = newAccount();
      const [first, second] = [newRequest(), newRequest()];
      expect(await by(first)).toBe('claimed');
      expect(await bySpelling(second, second.to, first.to)).toBe('pair-in-progress');
      await settle(first, 'abandoned');
      expect(await bySpelling(second, second.to, first.to)).toBe('claimed');
      expect(await engine().store.hasRival(second, 60)).toBe(true);
    });

    it('an earlier call has shown that two spellings are one telephone: both are checked for each of them', async () => {
      const newRequest = newAccount({ callsPerNumber: 1 });
      const [dialed, requested] = [newRequest(), newRequest()];
      expect(await bySpelling(dialed, dialed.to, requested.to)).toBe('claimed');
      expect(await by(newRequest({ to: requested.to }))).toBe('number-in-flight');
      await settle(dialed, 'not-sent');
      const put = `insert into do_not_call (to_number, reason, source) values ($1, '', 'api')`;
      for (const [listed, to] of [
        [dialed.to, requested.to],
        [requested.to, dialed.to],
      ] as const) {
        expect(await by(newRequest({ to, parallel: true, from: `+1599${to.slice(5)}` }))).toBe('claimed');
        await sql(put, [listed]);
        expect(await by(newRequest({ to, parallel: true }))).toBe('do-not-call');
        await sql('delete from do_not_call where to_number = $1', [listed]);
      }
    });

    it('the entry of the journal names both spellings', async () => {
      const request = newAccount()();
      expect(await bySpelling(request, request.to, '+4407700900123')).toBe('claimed');
      expect(await engine().store.findPlacement(request)).toMatchObject({
        to: request.to,
        requestedTo: '+4407700900123',
      });
    });
  });

  describe('Twilio has shown that the number is invalid', () => {
    const invalid = { outcome: 'invalid-number', reachability: 'invalid' } as const;
    const lookup = {
      answered: true,
      valid: false,
      validationErrors: ['TOO_SHORT'],
      lineType: null,
      lineStatus: null,
      errors: [],
    };
    const byLookup = {
      ...invalid,
      lookup,
      attempts: [],
      reason: { code: 'TOO_SHORT', source: 'lookup', message: 'no valid number' } as const,
    };
    const byCreate = {
      ...invalid,
      attempts: [{ ...busyAttempt(), outcome: 'invalid-number' as const }],
      reason: { code: '21211', source: 'twilio', message: 'Invalid To' } as const,
    };
    const remembering = () => newAccount({}, { rememberInvalidSeconds: 60 })();

    it.each([
      ['Lookup', byLookup, 'lookup', 'TOO_SHORT'],
      ['a refused create', byCreate, 'twilio', '21211'],
    ])('by %s: refused afterwards, with the evidence named', async (_, shown, source, code) => {
      const request = remembering();
      const callId = newCallId();
      await engine().store.saveOutcome(outcome(callId, { ...shown, to: request.to }));
      expect(await claim(request)).toEqual({
        claimed: false,
        by: 'known-invalid',
        source,
        code,
        message: shown.reason.message,
        callId,
        seenAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      });
    });

    it.each([
      ['longer ago than it is remembered', {}, `seen_at = seen_at - interval '61 seconds'`],
      ['and nothing is to be remembered', { rememberInvalidSeconds: 0 }, 'code = code'],
      ['by Lookup, which says otherwise now', { lookupSaysValid: true }, 'code = code'],
    ])('%s: dialed', async (_, differing, change) => {
      const request = { ...remembering(), ...differing };
      await engine().store.saveOutcome(outcome(newCallId(), { ...byLookup, to: request.to }));
      await sql(`update invalid_numbers set ${change} where to_number = $1`, [request.to]);
      expect(await by(request)).toBe('claimed');
    });

    it('a create request was refused, and Lookup says that the number is valid: the refusal takes precedence', async () => {
      const request = { ...remembering(), lookupSaysValid: true };
      await engine().store.saveOutcome(outcome(newCallId(), { ...byCreate, to: request.to }));
      expect(await by(request)).toBe('known-invalid');
    });

    it.each([
      ['another outcome', { outcome: 'busy' as const }],
      ['what was remembered of an earlier call', { ...invalid, attempts: [], reason: byCreate.reason }],
      [
        'a line out of service',
        {
          ...invalid,
          attempts: [],
          lookup: { ...lookup, valid: true, lineStatus: 'inactive' },
          reason: { code: 'inactive', source: 'lookup' as const, message: 'not in service' },
        },
      ],
    ])('%s: nothing is remembered', async (_, shown) => {
      const request = remembering();
      await engine().store.saveOutcome(outcome(newCallId(), { ...shown, to: request.to }));
      expect(await sql('select from invalid_numbers where to_number = $1', [request.to])).toEqual([]);
    });
  });

  describe('calls in flight to one number', () => {
    const from = '+15005550101';

    it('one is in flight: not claimed, with its call id; claimed when the request allows parallel calls', async () => {
      const newRequest = newAccount({ callsPerNumber: 1 });
      const first = newRequest();
      await claim(first);
      await settle(first, 'created', newSid());
      expect(await claim(newRequest({ to: first.to, from }))).toEqual({
        claimed: false,
        by: 'number-in-flight',
        callId: first.callId,
        limit: 1,
      });
      expect(await by(newRequest({ to: first.to, from, parallel: true }))).toBe('claimed');
      expect(await by(newRequest())).toBe('claimed');
    });

    it.each<[string, number | null, number]>([
      ['as many as configured', null, 3],
      ['as many as operators allow', 5, 5],
      ['any number, when operators lift the limit', 0, 12],
    ])('twelve at once: %s', async (_, set, claimed) => {
      const newRequest = newAccount({ callsPerNumber: 3 });
      const { to, accountSid } = newRequest();
      await control(accountSid, { calls_per_number: set });
      const answers = await atOnce(12, (store, n) =>
        store.claimPlacement(newRequest({ to, from: `+1500555020${n}` })),
      );
      expect(answers.filter((answer) => answer.claimed)).toHaveLength(claimed);
    });

    it('an earlier attempt of the same call, whose end was never written: blocks nothing', async () => {
      const request = newAccount({ callsPerNumber: 1, callsInFlight: 1 })();
      await claim(request);
      await settle(request, 'created', newSid());
      expect(await by({ ...request, attempt: 2 })).toBe('claimed');
    });

    it.each<[string, boolean, (key: Claim) => Promise<unknown>]>([
      ['refused', true, (key) => settle(key, 'refused')],
      ['not sent', true, (key) => settle(key, 'not-sent')],
      ['absent', true, (key) => settle(key, 'absent')],
      ['made, and under way', false, (key) => settle(key, 'created', newSid())],
      ['unclear', false, (key) => settle(key, null)],
      [
        'of an attempt under way',
        false,
        ({ callId }) => engine().store.saveAttempt({ callId, state: 'ringing', attempt: attempt() }),
      ],
      [
        'of a settled attempt',
        true,
        ({ callId }) => engine().store.saveAttempt({ callId, state: 'recording', attempt: busyAttempt() }),
      ],
      [
        'of another attempt than the settled one',
        false,
        ({ callId }) => engine().store.saveAttempt({ callId, state: 'recording', attempt: busyAttempt(2) }),
      ],
      [
        'of a call whose outcome is recorded',
        true,
        ({ callId }) => engine().store.saveOutcome(outcome(callId)),
      ],
      [
        'so old that it must be over',
        true,
        ({ callId }) =>
          sql(
            `update placements set claimed_at = claimed_at - interval '27 hours', result = 'created' where call_id = $1`,
            [callId],
          ),
      ],
      [
        'taken for absent, and then a callback names it',
        false,
        async (key) => {
          await settle(key, 'absent');
          await settle(key, 'created', newSid());
        },
      ],
      [
        'taken for absent, and named by a callback after the outcome',
        true,
        async (key) => {
          await settle(key, 'absent');
          await engine().store.saveOutcome(outcome(key.callId));
          await settle(key, 'created', newSid());
        },
      ],
    ])('the placement was %s: another call may be placed: %s', async (_, free, become) => {
      const newRequest = newAccount({ callsPerNumber: 1, callsInFlight: 1 });
      const first = newRequest();
      await claim(first);
      await become(first);
      expect(await by(newRequest({ to: first.to, from }))).toBe(free ? 'claimed' : 'number-in-flight');
      if (!free) expect(await by(newRequest())).toBe('account-limit');
    });
  });

  describe('contacts per number and period', () => {
    it('the number was called as often as it may be: not claimed, with the time of the next call; after that time: claimed', async () => {
      const newRequest = newAccount({ contactsPerNumber: { count: 2, seconds: 3600 } });
      const { to } = newRequest();
      for (const _ of [1, 2]) {
        const contact = newRequest({ to });
        await claim(contact);
        await settle(contact, 'created', newSid());
        await engine().store.saveOutcome(outcome(contact.callId));
      }
      const answer = await claim(newRequest({ to }));
      expect(answer).toMatchObject({ by: 'contact-limit', limit: 2, seconds: 3600 });
      const [first] = await engine().db.query<{ until: string }>(
        `select to_char((min(claimed_at) + interval '1 hour') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as until
         from placements where to_number = $1`,
        [to],
      );
      expect(answer).toMatchObject(first as object);
      await sql(`update placements set claimed_at = claimed_at - interval '1 hour' where to_number = $1`, [
        to,
      ]);
      expect(await by(newRequest({ to }))).toBe('claimed');
    });

    it.each<[PlacementResult | null, string]>([
      ['refused', 'claimed'],
      ['not-sent', 'claimed'],
      ['absent', 'claimed'],
      [null, 'contact-limit'],
    ])('a placement that ended as %s: %s', async (result, next) => {
      const newRequest = newAccount({ contactsPerNumber: { count: 1, seconds: 3600 } });
      const first = newRequest();
      await claim(first);
      await settle(first, result);
      const answer = await claim(newRequest({ to: first.to, from: '+15005550101' }));
      if (next === 'claimed') expect(answer).toMatchObject({ claimed: true });
      // It may still turn out that it made no call.
      else expect(answer).toMatchObject({ by: 'contact-limit', until: null });
    });

    it('twenty at once from different caller ids, three allowed: three are claimed', async () => {
      const newRequest = newAccount({ contactsPerNumber: { count: 3, seconds: 60 } });
      const { to } = newRequest();
      const answers = await atOnce(20, (store, n) =>
        store.claimPlacement(newRequest({ to, from: `+150055502${String(n).padStart(2, '0')}` })),
      );
      expect(answers.filter((answer) => answer.claimed)).toHaveLength(3);
    });
  });
}
