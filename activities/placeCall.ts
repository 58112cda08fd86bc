import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, log } from '@temporalio/activity';
import type { CallListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { PlaceCallInput, PlaceCallResult } from '../workflows/callActivities.js';
import type { CallUpdate, TwilioError } from '../workflows/callOutcome.js';
import { classifyRefusal } from '../workflows/rules/twilioRefusal.js';
import { askEligibility } from './askEligibility.js';
import { claimRefusal, notYet } from './claimRefusal.js';
import type { ActivityDeps } from './deps.js';
import { nextAllowedTime } from './findAllowedTime.js';
import { keyedMutex } from './keyedMutex.js';
import { dialLimitsOf } from './store/dialLimits.js';
import type { ClaimResult, PlacementResult } from './store/outcomeStore.js';
import { statusCallbackUrl } from './twilio/statusCallbackUrl.js';
import { surelyNotSent, TwilioRestError } from './twilio/twilioRestError.js';

/** A slot this near is waited for here; a later one is left to others. */
const maxRateWaitSeconds = 3;
/** With this and the HTTP time-out, a create that starts can still be over before the activity times out. */
const mustSendWithinMs = 12_000;
/** How long an attempt waits here for another create between the same two numbers, or for another call to end. */
const maxClaimWaitMs = 3_000;
/** A claim that nobody settled for so long belongs to a call that is gone. */
const abandonedAfterSeconds = 3_600;

type PlaceCallDeps = Omit<ActivityDeps, 'callStarter'>;

/** Told that an order has its claim, and so counts in the store; comes back with what is to be called at its end. */
export type OnStage = () => () => void;

/**
 * Creates the call at Twilio.
 *
 * Creating is not idempotent, and Twilio knows no key that would make it so. Therefore each create is claimed
 * in the store before it is sent: whoever finds the claim there, in a second execution after a pause, a reset
 * or a lost worker, sends nothing and says what the journal says.
 */
export function placeCall(
  deps: PlaceCallDeps,
  onClaim: OnStage = () => () => {},
  onCheck: OnStage = () => () => {},
): (input: PlaceCallInput) => Promise<PlaceCallResult> {
  const runExclusive = keyedMutex();
  return async (input) => {
    const startedAt = Date.now();
    const result = await placeOnce();
    deps.emit({ kind: 'placement', result: result.kind, by: notPlacedBy(result) });
    return result;

    async function placeOnce(): Promise<PlaceCallResult> {
      const { plan } = input;
      // By this machine's clock, which may be ahead: the call decides by its own.
      if (plan.giveUpAt !== null && Date.parse(plan.giveUpAt) < startedAt)
        return notYet({ by: 'worker-clock', giveUpAt: plan.giveUpAt });
      try {
        const endCheck = onCheck();
        const blocked = await blockedBeforeClaim(deps, input).finally(endCheck);
        if (blocked) return blocked;
        // One create at a time between two numbers: a call in Twilio's list can then be this attempt's only.
        return await runExclusive(`${plan.from}>${plan.to}`, maxClaimWaitMs, () =>
          claimAndSend(deps, input, startedAt, onClaim),
        );
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        // Only what goes before the create throws here: this execution sent nothing. Whether another one did is in
        // the journal, so the very same create is tried again, and not another one in its place.
        const why = error instanceof Error ? error.message : String(error);
        return notYet({ by: 'store', why });
      }
    }
  };
}

/**
 * What forbids to dial at this moment and is not for the store to decide. Null: nothing does. A create that was sent
 * before is not held up by it: the claim tells what became of it.
 */
async function blockedBeforeClaim(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
): Promise<PlaceCallResult | null> {
  const blocked = (await outsideWindow(input)) ?? (await blockedByEligibility(deps, input));
  return blocked && (await deps.store.findPlacement(input)) === null ? blocked : null;
}

/** The call may have waited for its turn until after the end of its window. */
async function outsideWindow({ plan, requestedAt }: PlaceCallInput): Promise<PlaceCallResult | null> {
  // Never before the order, should the clocks differ.
  const from = new Date(Math.max(Date.now(), Date.parse(requestedAt)));
  const { opensAt } = await nextAllowedTime(plan, from);
  if (opensAt === null) return { kind: 'too-late' };
  if (opensAt <= from.toISOString()) return null;
  return notYet({ by: 'calling-window', until: opensAt });
}

/** Whoever is to be asked before each dialing says no, or nothing clear. */
async function blockedByEligibility(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
): Promise<PlaceCallResult | null> {
  const { settings, store } = deps;
  const { plan } = input;
  if (settings.doNotCall.eligibilityUrl === null && plan.eligibilityUrl === null) return null;
  // Nobody is asked again and again while nothing is dialed, nor about a number that is barred already.
  const { accountSid } = settings.twilio;
  const [{ paused, breaker }, doNotCallEntry] = await Promise.all([
    store.readDialing({ accountSid }),
    store.findDoNotCall(plan.to),
  ]);
  if (paused !== null) return claimRefusal(input, { claimed: false, by: 'paused', reason: paused.reason });
  // One that is trying lets a call through now and then: its claim is to tell.
  if (breaker.state === 'open')
    return claimRefusal(input, { claimed: false, by: 'breaker', reason: breaker.reason ?? '' });
  if (doNotCallEntry !== null && !doNotCallEntry.expired)
    return claimRefusal(input, {
      claimed: false,
      by: 'do-not-call',
      reason: doNotCallEntry.reason,
      source: doNotCallEntry.source,
    });
  const eligibility = await askEligibility(deps, input);
  switch (eligibility.kind) {
    case 'eligible':
      return null;
    case 'refused':
      return { kind: 'forbidden', forbidden: { by: 'not-eligible', reason: eligibility.reason } };
    case 'unknown':
      return notYet({ by: 'eligibility', why: eligibility.why });
  }
}

async function claimAndSend(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  startedAt: number,
  onClaim: OnStage,
): Promise<PlaceCallResult> {
  const claim = await claimWithin(deps, input, maxClaimWaitMs);
  if (!claim.claimed) return claimRefusal(input, claim);
  const endClaim = onClaim();
  try {
    if (claim.waitSeconds > 0) await sleep(claim.waitSeconds * 1000);
    const why = await whyTooLate(input, startedAt);
    if (why === null) return await sendPlacement(deps, input);
    if (!(await settlePlacement(deps, input, { result: 'not-sent' }))) return notRecorded;
    return { kind: 'not-sent', why, retryAfterSeconds: 0 };
  } finally {
    endClaim();
  }
}

/** Why nothing may be sent any more, now that the order has waited here for its claim and its slot. */
async function whyTooLate(input: PlaceCallInput, startedAt: number): Promise<string | null> {
  const { giveUpAt } = input.plan;
  // A worker that was frozen in between must not dial when the workflow has long gone on without it.
  if (Date.now() - startedAt > mustSendWithinMs) return 'the worker took too long before it could dial';
  if (giveUpAt !== null && Date.parse(giveUpAt) < Date.now())
    return `its time was over before it could dial: ${giveUpAt}`;
  return (await outsideWindow(input)) === null ? null : 'its calling window closed before it could dial';
}

async function claimWithin(deps: PlaceCallDeps, input: PlaceCallInput, waitMs: number): Promise<ClaimResult> {
  const { callId, attempt, placement, plan } = input;
  const { settings } = deps;
  const deadline = Date.now() + waitMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const claim = await deps.store.claimPlacement({
      callId,
      attempt,
      placement,
      accountSid: settings.twilio.accountSid,
      to: plan.to,
      from: plan.from,
      abandonedAfterSeconds,
      limits: dialLimitsOf(settings),
      parallel: plan.allowParallel,
      rememberInvalidSeconds: settings.rememberInvalidSeconds,
      lookupSaysValid: input.lookupSaysValid,
      sendWithinSeconds: maxRateWaitSeconds,
    });
    const mayClearSoon = !claim.claimed && (claim.by === 'pair-in-progress' || claim.by === 'account-limit');
    if (!mayClearSoon || Date.now() + pauseMs > deadline) return claim;
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

async function sendPlacement(deps: PlaceCallDeps, input: PlaceCallInput): Promise<PlaceCallResult> {
  const { emit } = deps;
  try {
    const call = await deps.twilio.calls.create(createOptions(deps, input));
    emit({ kind: 'account-ok' });
    if (!isCallSid(call.sid)) return settleUnclear(deps, input, 'Twilio answered without a call SID', false);
    const [recorded] = await Promise.all([
      settlePlacement(deps, input, { result: 'created', callSid: call.sid, providerFailed: false }),
      recordQueued(deps, input, call.sid),
    ]);
    return {
      kind: 'created',
      callSid: call.sid,
      at: new Date().toISOString(),
      sidFrom: 'created',
      ...(recorded ? {} : { unrecorded: true }),
    };
  } catch (error) {
    if (error instanceof TwilioRestError && meansNoCall(error)) return settleRefusal(deps, input, error);
    const why = error instanceof Error ? error.message : String(error);
    if (surelyNotSent(error)) {
      if (!(await settlePlacement(deps, input, { result: 'not-sent', providerFailed: true, why })))
        return notRecorded;
      return { kind: 'not-sent', why: `Twilio could not be reached (${why})`, retryAfterSeconds: null };
    }
    return settleUnclear(deps, input, why, error instanceof TwilioRestError && error.error.code !== null);
  }
}

async function settleUnclear(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  why: string,
  answered: boolean,
): Promise<PlaceCallResult> {
  // The claim stays open: until the end is known, nothing else is dialed between these numbers.
  await settlePlacement(deps, input, { result: null, providerFailed: true, why });
  return { kind: 'unclear', why, answered };
}

function isCallSid(sid: unknown): boolean {
  return typeof sid === 'string' && /^CA[0-9a-fA-F]{32}$/.test(sid);
}

/** A 4xx says that there is no call. 408 comes from a gateway that does not know. */
function meansNoCall({ error }: TwilioRestError): boolean {
  return error.httpStatus >= 400 && error.httpStatus < 500 && error.httpStatus !== 408;
}

async function settleRefusal(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  { error, retryAfterSeconds }: TwilioRestError,
): Promise<PlaceCallResult> {
  const refusalClass = classifyRefusal(error);
  if (refusalClass === 'not-processed') {
    if (!(await settlePlacement(deps, input, { result: 'not-sent' }))) return notRecorded;
    return {
      kind: 'not-sent',
      why: `Twilio asks to wait (${error.code ?? error.httpStatus}: ${error.message})`,
      retryAfterSeconds,
    };
  }
  const providerFailed = refusalClass === 'account-trouble';
  const why = `${error.code ?? `HTTP ${error.httpStatus}`} ${error.message}`;
  const recorded = await settlePlacement(deps, input, {
    result: 'refused',
    detail: error,
    providerFailed,
    why,
  });
  if (!providerFailed) {
    deps.emit({ kind: 'account-ok' });
    return { kind: 'refused', error };
  }
  deps.emit({ kind: 'account-trouble', code: error.code, message: error.message });
  log.error('Twilio refuses the account: calls wait until it is mended', {
    code: error.code,
    httpStatus: error.httpStatus,
  });
  return recorded ? { kind: 'account-trouble', error } : notRecorded;
}

/** An open claim would hold up all that comes after it; whoever seeks its call closes it, once the store is back. */
const notRecorded: PlaceCallResult = {
  kind: 'unclear',
  why: 'there is no call, but the journal of creates could not be told so',
  answered: true,
};

/**
 * The workflow has the result from here on; the journal only has it for executions that come again, and for what
 * decides of other calls. `trouble`: whether it was Twilio or the account that failed; left out, it tells nothing of them.
 */
async function settlePlacement(
  deps: PlaceCallDeps,
  { callId, attempt, placement }: PlaceCallInput,
  { result, callSid, detail, providerFailed, why }: Settlement,
): Promise<boolean> {
  const { breaker } = deps.settings;
  const answer =
    providerFailed === undefined ? {} : { answer: { providerFailed, why: why ?? null, breaker } };
  try {
    const breakerChange = await deps.store.settlePlacement({
      callId,
      attempt,
      placement,
      result,
      callSid: callSid ?? null,
      detail,
      ...answer,
    });
    if (breakerChange !== null) deps.emit({ kind: 'breaker', ...breakerChange });
    return true;
  } catch (error) {
    log.warn('The journal of creates could not be written; the claim is closed with the outcome', { error });
    return false;
  }
}

interface Settlement {
  result: PlacementResult | null;
  callSid?: string;
  detail?: TwilioError;
  providerFailed?: boolean;
  why?: string;
}

/** For lists: a placed call shows at once, before its first callback. */
async function recordQueued(deps: PlaceCallDeps, input: PlaceCallInput, callSid: string): Promise<void> {
  const { callId, attempt } = input;
  const update: CallUpdate = {
    source: 'poll',
    callSid,
    status: 'queued',
    sequence: null,
    at: null,
    sipResponseCode: null,
    errorCode: null,
    durationSeconds: null,
    answeredBy: null,
    rang: false,
  };
  await deps.store.recordProgress({ callId, attempt, state: 'queued', update }).catch(() => {});
}

function createOptions(
  deps: PlaceCallDeps,
  { callId, attempt, plan }: PlaceCallInput,
): CallListInstanceCreateOptions {
  const { content } = plan;
  return {
    to: plan.to,
    from: plan.from,
    timeout: plan.ringTimeoutSeconds,
    timeLimit: plan.maxDurationSeconds,
    ...content,
    // Twilio ignores the request's callbacks when an application is given.
    ...('applicationSid' in content
      ? {}
      : {
          statusCallback: statusCallbackUrl(deps.settings.publicUrl, callId, attempt),
          statusCallbackMethod: 'POST',
          statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
        }),
    ...(plan.machineDetection === 'off'
      ? {}
      : { machineDetection: plan.machineDetection === 'enable' ? 'Enable' : 'DetectMessageEnd' }),
  };
}

function notPlacedBy(result: PlaceCallResult) {
  if (result.kind === 'not-yet') return result.hindrance.by;
  return result.kind === 'forbidden' ? result.forbidden.by : '';
}
