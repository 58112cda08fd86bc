import type { CallInstance } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { FindUnclearCallResult, PlaceCallInput } from '../workflows/callActivities.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import type { Placement } from './store/placements/placementJournal.js';
import { timeOf } from './twilio/callResource.js';
import { retryLater, twilioUnavailable } from './twilio/retryable.js';
import { statusCallbackUrl } from './twilio/statusCallbackUrl.js';

/** When Twilio did answer, nothing is under way any more: only its list may lag behind. */
const listLagSeconds = 120;
/** Clocks are compared to the second, and the claim is written shortly before the create is sent. */
const clockSlackSeconds = 5;
/** Twilio holds a call in its queue for at most a day: a trace would have shown. Source: Twilio help, "queued calls". */
const maxQueueSeconds = 24 * 3600;
/** More calls than this between two numbers are not looked through. */
const maxListedCalls = 10_000;

/**
 * Seeks the call of a create whose end is unclear.
 *
 * The list names no attempt, so a call is found by exclusion: made between these two numbers, not before the
 * claim, and no attempt's yet. One claim at a time is open between two numbers, so one such call is ours. Were
 * there two, somebody else dials with our account; then only a callback, or Twilio's record of the requests it
 * made for the call, can tell.
 */
export function findUnclearCall(deps: ActivityDeps) {
  return async (input: PlaceCallInput & { answered: boolean }): Promise<FindUnclearCallResult> => {
    const { store } = deps;
    const key = { callId: input.callId, attempt: input.attempt, placement: input.placement };
    // Without a claim nothing was sent, and a worker that was frozen before it could claim finds it closed when it thaws.
    // With a settled one the journal knows.
    const entry = await store.voidPlacement({ ...key, ...accountAndNumbersOf(deps, input) });
    if (entry.callSid !== null) return { kind: 'found', callSid: entry.callSid, sidFrom: 'journal' };
    if (entry.result !== null && entry.result !== 'abandoned') return { kind: 'absent' };

    const candidates = await unclaimedCallsSince(deps, input, entry);
    const ourCall =
      candidates.length > 1 ? await callWithOwnCallback(deps, input, candidates) : candidates[0];
    if (ourCall) {
      await store.settlePlacement({ ...key, result: 'created', callSid: ourCall.sid });
      return { kind: 'found', callSid: ourCall.sid, sidFrom: 'list' };
    }
    if (candidates.length > 1) {
      // The list was read, and no callback can come any more for a call that Twilio cannot hold for so long.
      if (entry.ageSeconds > maxQueueSeconds + input.plan.timeouts.decideWithinSeconds)
        return { kind: 'unresolved' };
      throw retryLater(
        'CallNotSeen',
        `${candidates.length} calls at Twilio could be this one: only a callback can tell`,
      );
    }
    const { absentAfterSeconds } = input.plan.timeouts;
    const requiredSilenceSeconds = input.answered
      ? Math.min(listLagSeconds, absentAfterSeconds)
      : absentAfterSeconds;
    if (entry.ageSeconds < requiredSilenceSeconds)
      throw retryLater(
        'CallNotSeen',
        `no trace at Twilio after ${Math.round(entry.ageSeconds)} s of ${requiredSilenceSeconds} s`,
      );
    await store.settlePlacement({ ...key, result: 'absent', callSid: null });
    return { kind: 'absent' };
  };
}

function accountAndNumbersOf({ settings }: ActivityDeps, { plan }: PlaceCallInput) {
  return { accountSid: settings.twilio.accountSid, to: plan.to, from: plan.from };
}

async function unclaimedCallsSince(
  { store, twilio }: ActivityDeps,
  input: PlaceCallInput,
  entry: Placement,
): Promise<CallInstance[]> {
  const { to, from } = input.plan;
  const calls = await twilio.calls
    .list({ to, from, pageSize: 1000, limit: maxListedCalls })
    .catch((error) => {
      throw twilioUnavailable('CallNotSeen', error);
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
  const claimedSids =
    recent.length > 0 ? await store.claimedSids(recent.map((call) => call.sid)) : new Set<string>();
  return recent.filter((call) => !claimedSids.has(call.sid));
}

/** Twilio records the requests that it made for a call, some time after its end. Source: Twilio OpenAPI, Call Events. */
async function callWithOwnCallback(deps: ActivityDeps, input: PlaceCallInput, candidates: CallInstance[]) {
  const callbackUrl = statusCallbackUrl(deps.settings.publicUrl, input.callId, input.attempt).replace(
    /#.*/,
    '',
  );
  for (const call of candidates) {
    const events = await deps.twilio
      .calls(call.sid)
      .events.list({ limit: 50 })
      .catch(() => []);
    if (
      events.some(
        ({ request }) =>
          String((request as { url?: string } | null)?.url ?? '').split('#')[0] === callbackUrl,
      )
    )
      return call;
  }
  return undefined;
}
