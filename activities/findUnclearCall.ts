import type { CallInstance } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { FindUnclearCallResult, PlaceCallInput } from '../workflows/callActivities.js';
import { clientOf, journaledAccount } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import type { Placement, PlacementKey } from './store/placements/placementJournal.js';
import { timeOf } from './twilio/callResource.js';
import { retryLater, twilioUnavailable } from './twilio/retryable.js';
import { isStatusCallbackOf } from './twilio/statusCallbackUrl.js';
import type { TwilioClient } from './twilio/twilioClient.js';
import { canonicalNumber, isSpellingOf, listedSpellings } from './validation/canonicalNumber.js';

/** When Twilio did answer, nothing is under way any more: only its list may lag behind. */
const listLagSeconds = 120;
/**
 * A database that fails over, or whose clock is set, may be some minutes off: calls a little older are
 * candidates too.
 */
const clockSlackSeconds = 180;
/** More calls than this between two numbers are not looked through. */
const maxListedCalls = 10_000;

/**
 * Looks for the call of an unclear placement. Throws `CallNotSeen`, which Temporal retries, until the call is
 * found or certainly does not exist.
 */
export function findUnclearCall(deps: ActivityDeps) {
  const { store, settings } = deps;
  return async (
    input: PlaceCallInput & { answered: boolean; isLast: boolean },
  ): Promise<FindUnclearCallResult> => {
    const { callId, attempt, placement, requestedAt, plan } = input;
    const key = { callId, attempt, placement };
    const accountSid = plan.account?.sid ?? settings.twilio.accountSid;
    // A worker that was frozen before its claim finds this entry when it goes on, and sends nothing. A
    // missing claim does not prove that nothing was sent: a database that failed over may have lost it. So
    // the search goes on as if there was one.
    const entry = await store.blockPlacement({
      ...key,
      accountSid,
      to: plan.to,
      requestedTo: plan.requestedTo,
      from: plan.from,
      requestedAt,
    });
    if (entry.callSid !== null) return { kind: 'found', callSid: entry.callSid, sidFrom: 'journal' };
    if (entry.result !== null && entry.result !== 'abandoned') return { kind: 'absent' };
    // The list of one account proves nothing of a request that went to another one.
    const other = journaledAccount(deps, 'CallNotSeen', {
      placedBy: entry.accountSid,
      expected: accountSid,
      what: `may have made a call for ${callId}`,
    });
    const client = other === null ? clientOf(deps, 'CallNotSeen', plan.account) : deps.twilio.of(other);

    const ageSeconds = ageOf(entry, requestedAt);
    const { absentAfterSeconds } = plan.timeouts;
    const requiredSilenceSeconds = input.answered
      ? Math.min(listLagSeconds, absentAfterSeconds)
      : absentAfterSeconds;
    // Lookup may spell the number otherwise in this run than in the one that claimed.
    const numbers = [...new Set([entry.to, plan.to, plan.requestedTo ?? plan.to])];
    const { from } = plan;
    const seen = await searchAtTwilio(
      { ...deps, client },
      { ...key, numbers, from, ageSeconds, requiredSilenceSeconds },
    );
    if (seen.kind === 'found') return { ...seen, sidFrom: 'list' };
    if (seen.kind === 'absent') return seen;
    if (seen.kind === 'not-yet')
      throw retryLater(
        'CallNotSeen',
        `no trace at Twilio after ${Math.round(ageSeconds)} s of ${requiredSilenceSeconds} s`,
      );
    if (input.isLast) return { kind: 'unresolved' };
    throw retryLater(
      'CallNotSeen',
      `${seen.candidates} calls at Twilio could be this one: only a callback can tell`,
    );
  };
}

/** The placement whose call is sought, and how long Twilio must have shown no trace of it. */
interface Search extends PlacementKey {
  /** The number that was called, in each way in which it may have been written. */
  numbers: string[];
  from: string;
  ageSeconds: number;
  requiredSilenceSeconds: number;
}

/**
 * Looks for the call of an open claim in Twilio's list, and settles the claim if the call is found or
 * certainly does not exist. `ambiguous`: several calls could be this one.
 *
 * Twilio's list names no attempt, so a call is found by exclusion: made between these two numbers, not before
 * the claim, and no other attempt's. One claim at a time is open between two numbers, so a single such call
 * is ours. If there are several, or another placement is unclear too, only a callback or Twilio's record of
 * its own webhook requests can tell.
 */
export async function searchAtTwilio(
  deps: SearchDeps,
  search: Search,
): Promise<
  | { kind: 'found'; callSid: string }
  | { kind: 'absent' }
  | { kind: 'not-yet' }
  | { kind: 'ambiguous'; candidates: number }
> {
  const { callId, attempt, placement, ageSeconds, requiredSilenceSeconds } = search;
  const key = { callId, attempt, placement };
  const candidates = await candidatesSince(deps, search);
  const ourCall = await ourCallAmong(deps, search, candidates);
  if (ourCall) {
    await deps.store.settlePlacement({ ...key, result: 'created', callSid: ourCall.sid });
    return { kind: 'found', callSid: ourCall.sid };
  }
  if (candidates.length > 0) return { kind: 'ambiguous', candidates: candidates.length };
  if (ageSeconds < requiredSilenceSeconds) return { kind: 'not-yet' };
  await deps.store.settlePlacement({ ...key, result: 'absent', callSid: null });
  return { kind: 'absent' };
}

export interface SearchDeps extends Pick<ActivityDeps, 'store' | 'settings'> {
  /** Of the account to which the create request went. */
  client: TwilioClient;
}

/**
 * By the database's clock, so that no two machines need agree on the time; unless that clock was set back
 * since the claim.
 */
export function ageOf({ ageSeconds }: Placement, requestedAt: string): number {
  return ageSeconds >= 0 ? ageSeconds : Math.max(0, (Date.now() - Date.parse(requestedAt)) / 1000);
}

/** Calls between the two numbers, made since the claim, that belong to no attempt yet. */
async function candidatesSince(
  { store, client }: SearchDeps,
  { numbers, from, ageSeconds }: Search,
): Promise<CallInstance[]> {
  // Twilio may list a number with digits that a country has given up, and compares text.
  const spellingsOf = (number: string) => [number, ...listedSpellings(canonicalNumber(number))];
  const pairs = [...new Set(numbers.flatMap(spellingsOf))].flatMap((to) =>
    [...new Set(spellingsOf(from))].map((caller) => ({ to, from: caller })),
  );
  const pages = await Promise.all(
    pairs.map((pair) => client.calls.list({ ...pair, pageSize: 1000, limit: maxListedCalls })),
  ).catch((error) => {
    throw twilioUnavailable('CallNotSeen', error);
  });
  const calls = [...new Map(pages.flat().map((call) => [call.sid, call])).values()];
  // Counted back from now by Twilio's own clock.
  const twilioNow = Date.now() / 1000 + client.clockAheadSeconds();
  const since = new Date((twilioNow - ageSeconds - clockSlackSeconds) * 1000).toISOString();
  const recent = calls.filter(
    (call) =>
      numbers.some((number) => isSpellingOf(number, call.to)) &&
      isSpellingOf(from, call.from) &&
      call.direction === 'outbound-api' &&
      (timeOf(call.dateCreated) ?? since) >= since,
  );
  const claimedSids = await store.claimedSids(recent.map((call) => call.sid));
  return recent.filter((call) => !claimedSids.has(call.sid));
}

async function ourCallAmong(
  deps: SearchDeps,
  search: Search,
  candidates: CallInstance[],
): Promise<CallInstance | undefined> {
  const [first] = candidates;
  const isOnly = candidates.length === 1 && !(await deps.store.hasRival(search, clockSlackSeconds));
  return isOnly ? first : callWithOwnCallback(deps, search, candidates);
}

/**
 * Twilio records the requests that it made for a call, some time after its end. Source: Twilio OpenAPI, Call
 * Events.
 */
async function callWithOwnCallback(
  { settings, client }: SearchDeps,
  { callId, attempt }: Search,
  candidates: CallInstance[],
): Promise<CallInstance | undefined> {
  const { publicUrl } = settings;
  if (publicUrl === null) return undefined;
  const attemptOfCall = { publicUrl, callId, attempt };
  for (const call of candidates) {
    const events = await client
      .calls(call.sid)
      .events.list({ limit: 50 })
      .catch(() => []);
    const requestedUrls = events.map(({ request }) => (request as { url?: string } | null)?.url);
    if (requestedUrls.some((url) => url !== undefined && isStatusCallbackOf(url, attemptOfCall))) return call;
  }
  return undefined;
}
