import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Database } from '../../activities/store/database.js';
import { openDatabase } from '../../activities/store/openStore.js';
import { accountSid, type CallHandle } from '../support/callBench.js';
import { created, cut, json } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const fates = useCallBench({ callsPerSecond: 3, absentAfterSeconds: 1 });
let db: Database;
let decoy: CallHandle;
/** The worker has seen that it may dial, and waits for an order. */
let fetching = true;

const cancel = (call: CallHandle) => call.handle.executeUpdate('cancel', { args: [{}] });
const queued = (call: CallHandle) => call.until((state) => state.waitingFor === 'its turn to dial');

/** From when on calls per second let the account dial. */
const lineFrom = (seconds: number) =>
  db.query(
    `insert into dial_slots (account_sid, next_at) values ($1, clock_timestamp() + make_interval(secs => $2::float8))
     on conflict (account_sid) do update set next_at = excluded.next_at`,
    [accountSid, seconds],
  );

/** Nothing is dialled any more. The one order that the worker fetched while it might is a decoy's. */
async function closeLine(): Promise<void> {
  await expect.poll(() => fetching, { timeout: 15_000 }).toBe(true);
  fetching = false;
  await lineFrom(3600);
  decoy = await fates.bench.start({ to: `${fates.to}99` });
  await decoy.until((state) => (state.waitingFor ?? '').startsWith('its turn: 3 calls per second'));
}

beforeAll(async () => {
  db = await openDatabase({ databaseUrl: inject('databaseUrl') });
  const { dialRoom } = fates.store;
  fates.store.dialRoom = async (asked) => {
    const answer = await dialRoom(asked);
    if (answer.room !== null && answer.room > 0) fetching = true;
    return answer;
  };
});
beforeEach(() => lineFrom(0));
afterEach(async () => {
  await cancel(decoy);
  await decoy.handle.result();
});
afterAll(() => db.close());

describe('more calls wait than may be dialled', () => {
  it('urgent ones overtake, and callers take turns, however many calls one of them has brought', async () => {
    await closeLine();
    const start = async (name: string, request: object) => {
      const call = await fates.bench.start({ to: fates.to + name, ...request });
      await queued(call);
      return call;
    };
    const calls: CallHandle[] = [];
    for (const n of [1, 2, 3]) calls.push(await start(`1${n}`, { fairnessKey: 'a' }));
    for (const n of [1, 2, 3]) calls.push(await start(`2${n}`, { fairnessKey: 'b' }));
    calls.push(await start('30', { priority: 5 }), await start('40', { priority: 1 }));
    await lineFrom(0);
    await expect.poll(() => fates.twilio.creates.length, { timeout: 15_000 }).toBe(calls.length);

    const order = fates.twilio.creates.map((form) => form.get('To')?.slice(fates.to.length) ?? '');
    expect(order[0]).toBe('40');
    expect(order.at(-1)).toBe('30');
    const callers = order.slice(1, -1).map((name) => name[0]);
    for (let count = 2; count <= 6; count += 2)
      expect(callers.slice(0, count).filter((caller) => caller === '1')).toHaveLength(count / 2);
    await Promise.all(calls.map(cancel));
  });

  it('a waiting call is canceled: at once, and never dialled', async () => {
    await closeLine();
    const call = await fates.bench.start({ to: fates.to });
    expect((await queued(call)).state).toBe('placing');
    await cancel(call);
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel', attempts: [] });
    expect(fates.twilio.creates).toHaveLength(0);
  });

  it('giveUpAt passes while a call waits: expired, and never dialled', async () => {
    await closeLine();
    const giveUpAt = new Date(Date.now() + 2000).toISOString();
    const call = await fates.bench.start({ to: fates.to, giveUpAt });
    await queued(call);
    expect(await call.result()).toMatchObject({ outcome: 'expired', decidedBy: 'policy', attempts: [] });
    expect(fates.twilio.creates).toHaveLength(0);
  });

  it('a call that was taken for never made waits to be dialled again, and is heard of: not dialled again', async () => {
    fates.twilio.answerList = () => json(503, {});
    fates.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    await expect.poll(() => fetching, { timeout: 15_000 }).toBe(true);
    fetching = false;
    const call = await fates.bench.start({ to: fates.to });
    await expect.poll(() => fates.twilio.creates.length, { timeout: 15_000 }).toBe(1);
    await closeLine();
    fates.twilio.answerList = () => json(200, { calls: [], next_page_uri: null });
    await queued(call);
    const sid = fates.twilio.calls[0]?.sid as string;
    await call.callback(1, sid, 'completed', { CallDuration: '7', SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid });
    fates.twilio.answerCreate = ({ make }) => created(make());
    await lineFrom(0);
    const next = await fates.bench.start({ to: `${fates.to}1` });
    await next.until((state) => state.attempts[0]?.callSid != null);
    await cancel(next);
    expect(fates.twilio.creates.filter((form) => form.get('To') === fates.to)).toHaveLength(1);
  });
});
