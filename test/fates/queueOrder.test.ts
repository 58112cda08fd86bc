import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase } from '../../activities/store/openStore.js';
import { accountSid, type CallHandle } from '../support/callBench.js';
import { created, cut, json } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callsPerSecond: 3, absentAfterSeconds: 1 });
let db: Database;
let decoy: CallHandle;

const cancel = (call: CallHandle) => call.handle.executeUpdate('cancel', { args: [{}] });
const queued = (call: CallHandle) => call.until((state) => state.waitingFor === 'capacity to place the call');

/** From when on calls per second let the account dial. */
const setNextSendTime = (seconds: number) =>
  db.query(
    `insert into account_pacing (account_sid, next_send_at) values ($1, clock_timestamp() + make_interval(secs => $2::float8))
     on conflict (account_sid) do update set next_send_at = excluded.next_send_at`,
    [accountSid, seconds],
  );

/** Nothing is dialed any more. The one order that the worker fetched while it might is a decoy's. */
async function exhaustRateLimit(): Promise<void> {
  const to = `${context.to}99`;
  for (;;) {
    await setNextSendTime(55);
    decoy = await context.bench.start({ to });
    if (await isHeld(decoy)) break;
    // The worker was not about to fetch any: once it has dialed this one, it is.
    await setNextSendTime(0);
    await decoy.until((state) => state.attempts[0]?.callSid != null);
    await endDecoy();
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  context.twilio.creates = context.twilio.creates.filter((form) => form.get('To') !== to);
}

/** Is the order of this call fetched, and may be sent only in a minute? */
async function isHeld(call: CallHandle): Promise<boolean> {
  for (const giveUpAt = Date.now() + 1500; Date.now() < giveUpAt; ) {
    const { waitingFor } = await call.state();
    if (waitingFor?.startsWith('the rate limit: 3 calls per second')) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

async function endDecoy(): Promise<void> {
  await cancel(decoy);
  await decoy.handle.result();
}

beforeAll(async () => {
  db = await openDatabase({ databaseUrl: inject('databaseUrl') });
});
beforeEach(() => setNextSendTime(0));
afterEach(endDecoy);
afterAll(() => db.close());

describe('more calls wait than may be dialed', () => {
  it('urgent ones overtake, and clients alternate, however many calls one of them has brought', async () => {
    await exhaustRateLimit();
    const start = async (name: string, request: object) => {
      const call = await context.bench.start({ to: context.to + name, ...request });
      await queued(call);
      return call;
    };
    const calls: CallHandle[] = [];
    for (const n of [1, 2, 3]) calls.push(await start(`1${n}`, { fairnessKey: 'a' }));
    for (const n of [1, 2, 3]) calls.push(await start(`2${n}`, { fairnessKey: 'b' }));
    calls.push(await start('30', { priority: 5 }), await start('40', { priority: 1 }));
    await setNextSendTime(0);
    await expect.poll(() => context.twilio.creates.length, { timeout: 15_000 }).toBe(calls.length);

    const destinations = context.twilio.creates.map((form) => form.get('To')?.slice(context.to.length) ?? '');
    expect(destinations[0]).toBe('40');
    expect(destinations.at(-1)).toBe('30');
    const clients = destinations.slice(1, -1).map((name) => name[0]);
    for (let count = 2; count <= 6; count += 2)
      expect(clients.slice(0, count).filter((client) => client === '1')).toHaveLength(count / 2);
    await Promise.all(calls.map(cancel));
  });

  it('a waiting call is canceled: at once, and never dialed', async () => {
    await exhaustRateLimit();
    const call = await context.bench.start({ to: context.to });
    expect((await queued(call)).state).toBe('placing');
    await cancel(call);
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel', attempts: [] });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('a waiting call is paused: it leaves the queue, and joins it again when it is resumed', async () => {
    await exhaustRateLimit();
    const call = await context.bench.start({ to: context.to });
    await queued(call);
    await call.handle.executeUpdate('pause', { args: [{}] });
    await call.until((state) => state.state === 'waiting' && state.paused);
    await setNextSendTime(0);
    const next = await context.bench.start({ to: `${context.to}1` });
    await next.until((state) => state.attempts[0]?.callSid != null);
    expect(context.twilio.creates).toHaveLength(1);
    await call.handle.executeUpdate('resume', { args: [{}] });
    await call.until((state) => state.attempts[0]?.callSid != null);
    expect(context.twilio.creates).toHaveLength(2);
    await Promise.all([call, next].map(cancel));
  });

  it('giveUpAt passes while a call waits: expired, and never dialed', async () => {
    await exhaustRateLimit();
    const giveUpAt = new Date(Date.now() + 2000).toISOString();
    const call = await context.bench.start({ to: context.to, giveUpAt });
    await queued(call);
    expect(await call.result()).toMatchObject({ outcome: 'expired', decidedBy: 'policy', attempts: [] });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('call counted as never made waits to be dialed again, and a callback names it: not dialed again', async () => {
    context.twilio.answerList = () => json(503, {});
    context.twilio.answerCreate = ({ form, make }) => {
      const made = make();
      return form.get('To') === context.to ? cut() : created(made);
    };
    const call = await context.bench.start({ to: context.to });
    await expect.poll(() => context.twilio.creates.length, { timeout: 15_000 }).toBe(1);
    await exhaustRateLimit();
    context.twilio.answerList = () => json(200, { calls: [], next_page_uri: null });
    await queued(call);
    const sid = context.twilio.calls[0]?.sid as string;
    await call.callback(1, sid, 'completed', { CallDuration: '7', SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid });
    context.twilio.answerCreate = ({ make }) => created(make());
    await setNextSendTime(0);
    const next = await context.bench.start({ to: `${context.to}1` });
    await next.until((state) => state.attempts[0]?.callSid != null);
    await cancel(next);
    expect(context.twilio.creates.filter((form) => form.get('To') === context.to)).toHaveLength(1);
  });
});
