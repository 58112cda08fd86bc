import { describe, expect, it } from 'vitest';
import type { WorkflowCheck } from '../../../activities/store/calls/workflowEnds.js';
import type { Engine } from '../engines.js';
import { attempt, newCallId, newClaim, newSid, opened, outcome } from '../records.js';

const end = { status: 'terminated', at: '2026-01-02T04:00:00.000Z', reason: 'by hand' } as const;
const eager = { minAgeSeconds: 0, pauseSeconds: 0, restSeconds: 0 };

export function workflowEndSuite(engine: () => Engine): void {
  async function added(): Promise<WorkflowCheck> {
    const callId = newCallId();
    await engine().store.addCall(opened(callId));
    return { callId, state: 'looking-up', workflowEnd: null };
  }
  async function ended(): Promise<WorkflowCheck> {
    const check = await added();
    await engine().store.saveWorkflowEnd(check, end);
    return check;
  }
  const stateOf = async ({ callId }: { callId: string }) => {
    const found = await engine().store.findCallState(callId);
    return { state: found?.state, workflowEnd: found?.workflowEnd, outcome: found?.outcome?.outcome };
  };
  /** Every call of one pass over all of them. */
  async function pass(limit: number): Promise<WorkflowCheck[]> {
    const { store } = engine();
    // Ends the pass that an earlier test began.
    while ((await store.nextWorkflowChecks({ limit: 1000, ...eager }))?.length === 1000);
    const all: WorkflowCheck[] = [];
    for (;;) {
      const page = (await store.nextWorkflowChecks({ limit, ...eager })) ?? [];
      all.push(...page);
      if (page.length < limit) return all;
    }
  }

  describe('the end of a workflow without an outcome', () => {
    it('recorded: the call is done, with how it ended and the state before', async () => {
      const check = await ended();
      const workflowEnd = { ...end, lastState: 'looking-up' };
      expect(await stateOf(check)).toEqual({ state: 'done', workflowEnd });
      const { store } = engine();
      const { to } = opened(check.callId);
      const listed = await store.listCalls({ to, state: 'done', limit: 200 });
      expect(listed.calls).toContainEqual(expect.objectContaining({ callId: check.callId, workflowEnd }));
      const unfinished = await store.listCalls({ to, state: 'looking-up', limit: 200 });
      expect(unfinished.calls.map(({ callId }) => callId)).not.toContain(check.callId);
    });

    it('the state of the call has changed since the check: ignored', async () => {
      const check = await added();
      await engine().store.saveAttempt({
        ...check,
        state: 'queued',
        attempt: attempt({ callSid: newSid() }),
      });
      expect(await engine().store.saveWorkflowEnd(check, end)).toBe(false);
      expect(await stateOf(check)).toEqual({ state: 'queued' });
    });

    it('the outcome is on record: ignored', async () => {
      const check = await added();
      await engine().store.saveOutcome(outcome(check.callId));
      expect(await engine().store.saveWorkflowEnd({ ...check, state: 'done' }, end)).toBe(false);
      expect(await stateOf(check)).toMatchObject({ state: 'done', outcome: 'busy' });
    });

    it('recorded again with more: the state before stays', async () => {
      const check = await ended();
      const again = { ...check, state: 'done' } as const;
      expect(await engine().store.saveWorkflowEnd(again, { ...end, status: 'failed' })).toBe(true);
      expect((await stateOf(check)).workflowEnd).toEqual({
        ...end,
        status: 'failed',
        lastState: 'looking-up',
      });
    });

    it('forgotten, since the workflow goes on: the state before', async () => {
      const check = await ended();
      await engine().store.forgetWorkflowEnd(check);
      expect(await stateOf(check)).toEqual({ state: 'looking-up' });
    });

    it('the workflow writes an attempt after all: the state that it writes', async () => {
      const check = await ended();
      await engine().store.saveAttempt({
        ...check,
        state: 'queued',
        attempt: attempt({ callSid: newSid() }),
      });
      expect(await stateOf(check)).toEqual({ state: 'queued' });
    });

    it('the call is started again under its id: no longer done', async () => {
      const check = await ended();
      await engine().store.addCall(opened(check.callId));
      expect(await stateOf(check)).toEqual({ state: 'looking-up' });
    });

    it('an outcome is recorded after all: it counts', async () => {
      const check = await ended();
      await engine().store.saveOutcome(outcome(check.callId));
      expect(await stateOf(check)).toEqual({ state: 'done', outcome: 'busy' });
    });

    it('a callback comes after the end: ignored', async () => {
      const check = await ended();
      await engine().store.markWaiting(check);
      await engine().store.markPlacing({ ...check, to: '+15005550006' });
      expect((await stateOf(check)).state).toBe('done');
    });

    it('a call without an outcome may be claimed for: its workflow was reset', async () => {
      const check = await ended();
      const claim = await engine().store.claimPlacement({ ...newClaim(), callId: check.callId });
      expect(claim).toMatchObject({ claimed: true });
    });
  });

  describe('the search for ended workflows', () => {
    it('in pages: each call without an outcome once, those with one never', async () => {
      const calls = [await added(), await ended(), await added()];
      const { callId: queued } = await added();
      await engine().store.saveAttempt({
        callId: queued,
        state: 'queued',
        attempt: attempt({ callSid: newSid() }),
      });
      const { callId: recorded } = await added();
      await engine().store.saveOutcome(outcome(recorded));
      const checked = await pass(3);
      const ids = checked.map(({ callId }) => callId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining([...calls.map(({ callId }) => callId), queued]));
      expect(ids).not.toContain(recorded);
      expect(checked.find(({ callId }) => callId === calls[1]?.callId)).toEqual({
        callId: calls[1]?.callId,
        state: 'done',
        workflowEnd: { ...end, lastState: 'looking-up' },
      });
      expect(checked.find(({ callId }) => callId === queued)?.state).toBe('queued');
    });

    it('a young call: left for later', async () => {
      const { callId } = await added();
      const { store } = engine();
      await pass(1000);
      const page = await store.nextWorkflowChecks({ ...eager, limit: 1000, minAgeSeconds: 1e9 });
      expect(page?.map((check) => check.callId)).not.toContain(callId);
    });

    it('several workers: one of them has the turn', async () => {
      const { stores } = engine();
      await pass(1000);
      const pages = await Promise.all(
        [...stores, ...stores].map((store) =>
          store.nextWorkflowChecks({ limit: 1, minAgeSeconds: 0, pauseSeconds: 60, restSeconds: 60 }),
        ),
      );
      expect(pages.filter((page) => page !== null)).toHaveLength(1);
      await engine().db.query('update workflow_checks set next_at = clock_timestamp()');
    });
  });

  describe('placements without a workflow', () => {
    const search = { accountSid: 'AC1', minAgeSeconds: 0, limit: 1000 };
    const found = async (callId: string) =>
      (await engine().store.placementsWithoutWorkflow(search)).filter((one) => one.callId === callId);

    it('of a call that has ended or has no row: returned until it is settled; of another call: never', async () => {
      const { store } = engine();
      const lost = await ended();
      const alive = await added();
      const [callId, other] = [newCallId(), alive.callId];
      const claims = [lost.callId, callId, other].map((id) => ({
        ...newClaim(),
        callId: id,
        attempt: 1,
        placement: 1,
      }));
      for (const claim of claims) await store.claimPlacement(claim);
      const [first] = claims;
      expect(await found(lost.callId)).toEqual([
        {
          callId: lost.callId,
          attempt: 1,
          placement: 1,
          to: first?.to,
          from: first?.from,
          callSid: null,
          claimedAt: expect.stringMatching(/Z$/),
        },
      ]);
      expect(await found(callId)).toHaveLength(1);
      expect(await found(other)).toEqual([]);
      const callSid = newSid();
      const key = { callId: lost.callId, attempt: 1, placement: 1 };
      await store.settlePlacement({ ...key, result: 'created', callSid });
      expect(await found(lost.callId)).toMatchObject([{ callSid }]);
      await store.markEnded({ ...key, callSid });
      expect(await found(lost.callId)).toEqual([]);
    });

    it('a placement that was claimed a moment ago: left for later', async () => {
      const { callId } = await ended();
      await engine().store.claimPlacement({ ...newClaim(), callId });
      const { store } = engine();
      const later = await store.placementsWithoutWorkflow({ ...search, minAgeSeconds: 60 });
      expect(later.filter((one) => one.callId === callId)).toEqual([]);
    });
  });
}
