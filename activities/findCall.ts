import type { CallInstance } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { DialOrder, Found } from '../workflows/callActivities.js';
import { couldNotAsk, notYet } from './callNotOver.js';
import type { DialEntry } from './outcomeStore.js';
import { timeOf } from './readCall.js';
import { statusCallbackUrl } from './statusCallbackUrl.js';
import type { World } from './world.js';

/** When Twilio did answer, nothing is under way any more: only its list may lag behind. */
const listLagSeconds = 120;
/** Clocks are compared to the second, and the claim is written shortly before the create is sent. */
const clockSlackSeconds = 5;
/** More calls than this between two numbers are not looked through. */
const mostCalls = 10_000;

/**
 * Seeks the call of a create whose end is unclear.
 *
 * The list names no attempt, so a call is found by exclusion: made between these two numbers, not before the
 * claim, and no attempt's yet. One claim at a time is open between two numbers, so one such call is ours. Were
 * there two, somebody else dials with our account; then only a callback, or Twilio's record of the requests it
 * made for the call, can tell.
 */
export function findCall(world: World) {
  return async (order: DialOrder & { answered: boolean }): Promise<Found> => {
    const { store } = world;
    const key = { callId: order.callId, attempt: order.attempt, round: order.round };
    // Without a claim nothing was sent, and a worker that was frozen before it could claim finds it closed when it thaws.
    // With a settled one the journal knows.
    const entry = await store.closeDial({ ...key, ...ordered(world, order) });
    if (entry.callSid !== null) return { kind: 'found', callSid: entry.callSid, sidFrom: 'journal' };
    if (entry.result !== null && entry.result !== 'abandoned') return { kind: 'absent' };

    const candidates = await unclaimedSince(world, order, entry);
    const ours = candidates.length > 1 ? await ownCallbackAmong(world, order, candidates) : candidates[0];
    if (ours) {
      await store.settleDial({ ...key, result: 'created', callSid: ours.sid });
      return { kind: 'found', callSid: ours.sid, sidFrom: 'list' };
    }
    if (candidates.length > 1)
      throw notYet(
        'CallNotSeen',
        `${candidates.length} calls at Twilio could be this one: only a callback can tell`,
      );
    const { absentAfterSeconds } = order.plan.waits;
    const silence = order.answered ? Math.min(listLagSeconds, absentAfterSeconds) : absentAfterSeconds;
    if (entry.ageSeconds < silence)
      throw notYet(
        'CallNotSeen',
        `no trace at Twilio after ${Math.round(entry.ageSeconds)} s of ${silence} s`,
      );
    await store.settleDial({ ...key, result: 'absent', callSid: null });
    return { kind: 'absent' };
  };
}

function ordered({ settings }: World, { plan }: DialOrder) {
  return { accountSid: settings.twilio.accountSid, to: plan.to, from: plan.from };
}

async function unclaimedSince(
  { store, twilio }: World,
  order: DialOrder,
  entry: DialEntry,
): Promise<CallInstance[]> {
  const { to, from } = order.plan;
  const calls = await twilio.calls.list({ to, from, pageSize: 1000, limit: mostCalls }).catch((error) => {
    throw couldNotAsk('CallNotSeen', error);
  });
  // Reckoned back from now by Twilio's own clock: no two machines need agree on the time.
  const twilioNow = Date.now() / 1000 + twilio.clockAheadSeconds();
  const since = new Date((twilioNow - entry.ageSeconds - clockSlackSeconds) * 1000).toISOString();
  const recent = calls.filter(
    (call) =>
      call.to === to &&
      call.from === from &&
      call.direction === 'outbound-api' &&
      (timeOf(call.dateCreated) ?? since) >= since,
  );
  const claimed =
    recent.length > 0 ? await store.claimedSids(recent.map((call) => call.sid)) : new Set<string>();
  return recent.filter((call) => !claimed.has(call.sid));
}

/** Twilio records the requests that it made for a call, some time after its end. Source: Twilio OpenAPI, Call Events. */
async function ownCallbackAmong(world: World, order: DialOrder, candidates: CallInstance[]) {
  const address = statusCallbackUrl(world.settings.publicUrl, order.callId, order.attempt).replace(/#.*/, '');
  for (const call of candidates) {
    const events = await world.twilio
      .calls(call.sid)
      .events.list({ limit: 50 })
      .catch(() => []);
    if (
      events.some(
        ({ request }) => String((request as { url?: string } | null)?.url ?? '').split('#')[0] === address,
      )
    )
      return call;
  }
  return undefined;
}
