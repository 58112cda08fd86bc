import { describe, expect, it } from 'vitest';
import { type PlacementResult, SidTaken } from '../../../activities/store/placements/placementJournal.js';
import type { Engine } from '../engines.js';
import { attempt, busyAttempt, newCallId, newClaim, newSid, opened, outcome, update } from '../records.js';

export function placementSuite(engine: () => Engine): void {
  /** Runs `work` `count` times at once, spread over all connections. */
  function atOnce<T>(count: number, work: (store: Engine['store'], n: number) => Promise<T>): Promise<T[]> {
    const { stores, store } = engine();
    return Promise.all(Array.from({ length: count }, (_, n) => work(stores[n % stores.length] ?? store, n)));
  }

  describe('claiming a placement', () => {
    it('first execution: claimed, and open in the journal', async () => {
      const claim = newClaim();
      expect(await engine().store.claimPlacement(claim)).toMatchObject({ claimed: true });
      expect(await engine().store.findPlacement(claim)).toEqual({
        accountSid: claim.accountSid,
        to: claim.to,
        from: claim.from,
        result: null,
        callSid: null,
        detail: null,
        ageSeconds: expect.any(Number),
      });
    });

    it('never claimed: no entry in the journal', async () => {
      expect(await engine().store.findPlacement(newClaim())).toBeNull();
    });

    it('a lost execution claimed it before: not claimed, with the entry', async () => {
      const claim = newClaim();
      await engine().store.claimPlacement(claim);
      await engine().store.settlePlacement({
        ...claim,
        result: 'created',
        callSid: newSid(),
        detail: { http: 201 },
      });
      expect(await engine().store.claimPlacement(claim)).toEqual({
        claimed: false,
        by: 'already-claimed',
        entry: await engine()
          .store.findPlacement(claim)
          .then((e) => ({ ...e, ageSeconds: expect.any(Number) })),
      });
    });

    it('its own open claim is older than the limit: not taken over, and still open', async () => {
      const claim = { ...newClaim(), abandonedAfterSeconds: 0 };
      await engine().store.claimPlacement(claim);
      expect(await engine().store.claimPlacement(claim)).toMatchObject({
        by: 'already-claimed',
        entry: { result: null },
      });
    });

    it('a placement without a claim is blocked: open since it was requested, and nobody can claim it', async () => {
      const claim = newClaim();
      const requestedAt = new Date(Date.now() - 60_000).toISOString();
      const entry = await engine().store.blockPlacement({ ...claim, requestedAt });
      expect(entry).toMatchObject({ to: claim.to, from: claim.from, result: null, callSid: null });
      expect(entry.ageSeconds).toBeGreaterThan(55);
      expect(await engine().store.claimPlacement(claim)).toMatchObject({
        by: 'already-claimed',
        entry: { result: null },
      });
      const other = await engine().store.claimPlacement({ ...claim, callId: newCallId() });
      expect(other).toMatchObject({ by: 'pair-in-progress', callId: claim.callId });
    });

    it('a claimed placement is blocked: the entry stays as it is', async () => {
      const claim = newClaim();
      const requestedAt = new Date().toISOString();
      await engine().store.claimPlacement(claim);
      await engine().store.settlePlacement({ ...claim, result: 'refused', callSid: null });
      expect(await engine().store.blockPlacement({ ...claim, requestedAt })).toMatchObject({
        result: 'refused',
      });
    });

    it('a placement is blocked while another claim between the numbers is open: abandoned from the start', async () => {
      const pair = newClaim();
      await engine().store.claimPlacement(pair);
      const blocked = { ...pair, callId: newCallId(), requestedAt: new Date().toISOString() };
      expect(await engine().store.blockPlacement(blocked)).toMatchObject({ result: 'abandoned' });
      expect(await engine().store.findPlacement(pair)).toMatchObject({ result: null });
    });

    it('a placement is blocked by a clock that is ahead: its age is never negative', async () => {
      const requestedAt = new Date(Date.now() + 3_600_000).toISOString();
      const entry = await engine().store.blockPlacement({ ...newClaim(), requestedAt });
      expect(entry.ageSeconds).toBeGreaterThanOrEqual(0);
    });

    it.each<[string, string, PlacementResult | null, boolean]>([
      ['is open, claimed later', '1 minute', null, true],
      ['was abandoned, claimed later', '1 minute', 'abandoned', true],
      ['was claimed shortly before', '-1 minute', 'abandoned', true],
      ['was claimed long before', '-1 hour', 'abandoned', false],
      ['made no call', '1 minute', 'absent', false],
      ['has its call', '1 minute', 'created', false],
    ])('another placement between the numbers %s: a rival or not', async (_, later, result, isRival) => {
      const { store, db } = engine();
      const claim = newClaim();
      const other = { ...claim, callId: newCallId() };
      await store.claimPlacement(claim);
      await store.settlePlacement({ ...claim, result: 'abandoned', callSid: null });
      await store.claimPlacement(other);
      const callSid = result === 'created' ? newSid() : null;
      if (result !== null) await store.settlePlacement({ ...other, result, callSid });
      await db.query(
        `update placements set claimed_at = clock_timestamp() + $2::interval where call_id = $1`,
        [other.callId, later],
      );
      expect(await store.hasRival(claim, 180)).toBe(isRival);
    });

    it('fifty executions of one placement at once: one claims it', async () => {
      const claim = newClaim();
      const claims = await atOnce(50, (store) => store.claimPlacement(claim));
      expect(claims.filter((c) => c.claimed)).toHaveLength(1);
      expect(claims.filter((c) => !c.claimed && c.by === 'already-claimed')).toHaveLength(49);
    });

    it('fifty calls between the same two numbers at once: one claims, the others get its call id', async () => {
      const pair = newClaim();
      const claims = await atOnce(50, (store, n) =>
        store.claimPlacement({ ...pair, callId: `${pair.callId}-${n}` }),
      );
      const winner = claims.findIndex((c) => c.claimed);
      expect(claims.filter((c) => c.claimed)).toHaveLength(1);
      const other = {
        claimed: false,
        by: 'pair-in-progress',
        callId: `${pair.callId}-${winner}`,
      };
      expect(claims.filter((_, n) => n !== winner)).toEqual(Array(49).fill(other));
    });

    it('fifty calls meet an abandoned claim at once: one claims', async () => {
      const pair = newClaim();
      await engine().store.claimPlacement(pair);
      await engine().db.query(
        `update placements set claimed_at = claimed_at - interval '2 hours' where call_id = $1`,
        [pair.callId],
      );
      const claims = await atOnce(50, (store, n) =>
        store.claimPlacement({ ...pair, callId: `${pair.callId}-${n}` }),
      );
      expect(claims.filter((c) => c.claimed)).toHaveLength(1);
      expect(await engine().store.findPlacement(pair)).toMatchObject({ result: 'abandoned' });
    });

    it('the attempt has its Twilio call: no other placement of it is claimed', async () => {
      const claim = newClaim();
      const callSid = newSid();
      await engine().store.claimPlacement(claim);
      await engine().store.settlePlacement({ ...claim, result: 'created', callSid });
      const again = await engine().store.claimPlacement({ ...claim, placement: 2 });
      expect(again).toMatchObject({
        claimed: false,
        by: 'already-claimed',
        entry: { result: 'created', callSid },
      });
      expect(await engine().store.findPlacement({ ...claim, placement: 2 })).toBeNull();
      expect(await engine().store.claimPlacement({ ...claim, attempt: 2 })).toMatchObject({ claimed: true });
    });

    it('later placements: the first one of an unknown attempt that may have made a call', async () => {
      const first = newClaim();
      const { callId } = first;
      const following = (attempt: number, placement: number, ...besides: number[]) =>
        engine()
          .store.findLaterPlacement({ callId, attempt, placement, besides })
          .then((later) => later && [later.attempt, later.placement, later.entry.result]);
      expect(await following(0, 0)).toBeNull();
      const place = async (attempt: number, placement: number, result: PlacementResult | null) => {
        const claim = { ...first, attempt, placement };
        await engine().store.claimPlacement(claim);
        const callSid = result === 'created' ? newSid() : null;
        if (result !== null) await engine().store.settlePlacement({ ...claim, result, callSid });
      };
      await place(1, 1, 'refused');
      await place(1, 2, 'not-sent');
      await place(1, 3, 'created');
      await place(2, 1, 'refused');
      await place(3, 1, 'absent');
      await place(3, 2, null);
      expect(await following(0, 0)).toEqual([1, 3, 'created']);
      // It turned out to have a call after all, and the outcome does not have its attempt.
      expect(await following(1, 3)).toEqual([1, 3, 'created']);
      expect(await following(1, 3, 1)).toEqual([2, 1, 'refused']);
      expect(await following(0, 0, 1)).toEqual([2, 1, 'refused']);
      expect(await following(2, 1, 1)).toEqual([3, 2, null]);
      expect(await following(2, 1, 1, 3)).toBeNull();
      expect(await following(3, 2, 1)).toBeNull();
    });

    it('claims that come and go: never two open at a time', async () => {
      const pair = newClaim();
      let holding = 0;
      let most = 0;
      await atOnce(20, async (store, n) => {
        const claim = { ...pair, callId: `${pair.callId}-${n}` };
        while (!(await store.claimPlacement(claim)).claimed)
          await new Promise((resolve) => setTimeout(resolve, 5));
        most = Math.max(most, ++holding);
        holding--;
        await store.settlePlacement({ ...claim, result: 'not-sent', callSid: null });
      });
      expect(most).toBe(1);
    });

    it.each<[string, Partial<ReturnType<typeof newClaim>>]>([
      ['to another number', { to: '+15005559999' }],
      ['from another number', { from: '+15005559999' }],
      ['of another account', { accountSid: 'AC2' }],
    ])('an open claim %s: blocks nothing', async (_, differing) => {
      const claim = newClaim();
      await engine().store.claimPlacement({ ...claim, ...differing, callId: newCallId() });
      expect(await engine().store.claimPlacement(claim)).toMatchObject({ claimed: true });
      await engine().store.settlePlacement({ ...claim, result: 'absent', callSid: null });
    });

    it('the claim between the numbers is settled: the next may claim', async () => {
      const claim = newClaim();
      await engine().store.claimPlacement(claim);
      await engine().store.settlePlacement({ ...claim, result: 'refused', callSid: null });
      expect(await engine().store.claimPlacement({ ...claim, placement: 2 })).toMatchObject({
        claimed: true,
      });
    });

    it.each([
      ['an earlier attempt', { attempt: 1, placement: 3 }, { attempt: 2, placement: 1 }],
      ['an earlier placement', { attempt: 1, placement: 1 }, { attempt: 1, placement: 2 }],
    ])(
      '%s of the same call was never settled: blocks nothing, since the call went on',
      async (_, before, now) => {
        const claim = newClaim();
        await engine().store.claimPlacement({ ...claim, ...before });
        expect(await engine().store.claimPlacement({ ...claim, ...now })).toMatchObject({ claimed: true });
        expect(await engine().store.findPlacement({ ...claim, ...before })).toMatchObject({
          result: 'abandoned',
        });
      },
    );

    it('the outcome of the call is recorded: its open claim blocks no other call', async () => {
      const claim = newClaim();
      await engine().store.claimPlacement(claim);
      await engine().store.saveOutcome(outcome(claim.callId));
      expect(await engine().store.claimPlacement({ ...claim, callId: newCallId() })).toMatchObject({
        claimed: true,
      });
    });

    it('the open claim between the numbers is younger than the limit: not claimed', async () => {
      const claim = newClaim();
      await engine().store.claimPlacement(claim);
      const other = await engine().store.claimPlacement({ ...claim, callId: newCallId() });
      expect(other).toEqual({ claimed: false, by: 'pair-in-progress', callId: claim.callId });
    });
  });

  describe('settling a claim', () => {
    const sid = newSid();
    it.each<[string, [PlacementResult, string | null][], PlacementResult, boolean]>([
      ['created: with its SID', [['created', sid]], 'created', true],
      [
        'created, then absent: stays created',
        [
          ['created', sid],
          ['absent', null],
        ],
        'created',
        true,
      ],
      [
        'created, then another SID: the first stays',
        [
          ['created', sid],
          ['created', newSid()],
        ],
        'created',
        true,
      ],
      [
        'refused, then abandoned: stays refused',
        [
          ['refused', null],
          ['abandoned', null],
        ],
        'refused',
        false,
      ],
      [
        'abandoned, then refused: refused',
        [
          ['abandoned', null],
          ['refused', null],
        ],
        'refused',
        false,
      ],
      [
        'abandoned, then a callback names the SID: created',
        [
          ['abandoned', null],
          ['created', sid],
        ],
        'created',
        true,
      ],
      [
        'absent, then a callback names the SID: created',
        [
          ['absent', null],
          ['created', sid],
        ],
        'created',
        true,
      ],
    ])('%s', async (_, settlings, result, hasSid) => {
      const claim = newClaim();
      await engine().db.query('delete from placements where call_sid = $1', [sid]);
      await engine().store.claimPlacement(claim);
      for (const [reported, callSid] of settlings)
        await engine().store.settlePlacement({ ...claim, result: reported, callSid });
      expect(await engine().store.findPlacement(claim)).toMatchObject({
        result,
        callSid: hasSid ? sid : null,
      });
    });

    it('the SID belongs to another attempt: SidTaken, and nothing changes', async () => {
      const [first, second] = [newClaim(), newClaim()];
      const taken = newSid();
      await engine().store.claimPlacement(first);
      await engine().store.claimPlacement(second);
      await engine().store.settlePlacement({ ...first, result: 'created', callSid: taken });
      await expect(
        engine().store.settlePlacement({ ...second, result: 'created', callSid: taken }),
      ).rejects.toThrow(SidTaken);
      expect(await engine().store.findPlacement(second)).toMatchObject({ result: null, callSid: null });
    });

    it('no such claim: none is written', async () => {
      const claim = newClaim();
      await engine().store.settlePlacement({ ...claim, result: 'created', callSid: newSid() });
      expect(await engine().store.findPlacement(claim)).toBeNull();
    });
  });

  describe('which attempt a SID belongs to', () => {
    it('SIDs in the journal or of a settled attempt: claimed', async () => {
      const [inJournal, decided, free] = [newSid(), newSid(), newSid()];
      const [claim, callId] = [newClaim(), newCallId()];
      await engine().store.claimPlacement(claim);
      await engine().store.settlePlacement({ ...claim, result: 'created', callSid: inJournal });
      await engine().store.saveOutcome(
        outcome(callId, { attempts: [{ ...busyAttempt(), callSid: decided }] }),
      );
      expect(await engine().store.claimedSids([inJournal, decided, free])).toEqual(
        new Set([inJournal, decided]),
      );
      expect(await engine().store.claimedSids([])).toEqual(new Set());
    });

    it('SID stored by a callback while the placement is unclear: not claimed, so the attempt can find its own call', async () => {
      const [callId, callSid] = [newCallId(), newSid()];
      await engine().store.addCall(opened(callId));
      await engine().store.recordProgress({
        callId,
        attempt: 1,
        state: 'ringing',
        update: update('ringing', { callSid }),
      });
      await engine().store.saveAttempt({ callId, state: 'ringing', attempt: attempt({ callSid }) });
      expect(await engine().store.claimedSids([callSid])).toEqual(new Set());
    });
  });
}
