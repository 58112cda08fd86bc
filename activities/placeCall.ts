import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, log } from '@temporalio/activity';
import type { CallListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { Dialled, DialOrder } from '../workflows/callActivities.js';
import type { TwilioError } from '../workflows/callOutcome.js';
import type { CallUpdate } from '../workflows/callUpdate.js';
import { verdictOf } from '../workflows/createError.js';
import { askEligibility } from './askEligibility.js';
import { createLine } from './createLine.js';
import { limitsOf } from './dialGate.js';
import { openingFor } from './findOpening.js';
import { notClaimed, notYet } from './notClaimed.js';
import type { DialClaim, DialResult } from './outcomeStore.js';
import { statusCallbackUrl } from './statusCallbackUrl.js';
import { surelyNotSent, TwilioAnswer } from './twilioAnswer.js';
import type { World } from './world.js';

/** A slot this near is waited for here; a later one is left to others. */
const slotWithinSeconds = 3;
/** With this and the HTTP time-out, a create that starts can still be over before the activity times out. */
const mustSendWithinMs = 12_000;
/** How long an attempt waits here for another create between the same two numbers, or for another call to end. */
const briefWaitMs = 3_000;
/** A claim that nobody settled for so long belongs to a call that is gone. */
const abandonedAfterSeconds = 3_600;

type DialWorld = Omit<World, 'callStarter'>;

/** Told that an order has its claim, and so counts in the store; comes back with what is to be called at its end. */
export type OnClaim = () => () => void;

/**
 * Creates the call at Twilio.
 *
 * Creating is not idempotent, and Twilio knows no key that would make it so. Therefore each create is claimed
 * in the store before it is sent: whoever finds the claim there, in a second execution after a pause, a reset
 * or a lost worker, sends nothing and says what the journal says.
 */
export function placeCall(
  world: DialWorld,
  onClaim: OnClaim = () => () => {},
  onAsk: OnClaim = () => () => {},
): (order: DialOrder) => Promise<Dialled> {
  const inLine = createLine();
  return async (order) => {
    const begunAt = Date.now();
    const dialled = await dial();
    world.notice({ kind: 'dialled', result: dialled.kind });
    return dialled;

    async function dial(): Promise<Dialled> {
      const { plan } = order;
      // By this machine's clock, which may be ahead: the call decides by its own.
      if (plan.giveUpAt !== null && Date.parse(plan.giveUpAt) < begunAt)
        return notYet(`nothing any more, its time is over: ${plan.giveUpAt}`);
      try {
        const asked = onAsk();
        const barred = await barredNow(world, order).finally(asked);
        if (barred) return barred;
        // One create at a time between two numbers: a call in Twilio's list can then be this attempt's only.
        return await inLine(`${plan.from}>${plan.to}`, briefWaitMs, () =>
          claimAndCreate(world, order, begunAt, onClaim),
        );
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        // Only what goes before the create throws here: this execution sent nothing. Whether another one did is in
        // the journal, so the very same create is tried again, and not another one in its place.
        const why = error instanceof Error ? error.message : String(error);
        return notYet(`the journal of creates, which can't be reached (${why})`);
      }
    }
  };
}

/**
 * What forbids to dial at this moment and is not for the store to decide. Null: nothing does. A create that was sent
 * before is not held up by it: the claim tells what became of it.
 */
async function barredNow(world: DialWorld, order: DialOrder): Promise<Dialled | null> {
  const barred = (await windowShut(order)) ?? (await ineligible(world, order));
  return barred && (await world.store.findDial(order)) === null ? barred : null;
}

/** The call may have waited for its turn until after the end of its window. */
async function windowShut({ plan, orderedAt }: DialOrder): Promise<Dialled | null> {
  // Never before the order, should the clocks differ.
  const from = new Date(Math.max(Date.now(), Date.parse(orderedAt)));
  const { opensAt } = await openingFor(plan, from);
  if (opensAt === null) return { kind: 'too-late' };
  if (opensAt <= from.toISOString()) return null;
  return { ...notYet(`the calling window to open: ${opensAt}`), until: opensAt };
}

/** Whoever is to be asked before each dialling says no, or nothing clear. */
async function ineligible(world: DialWorld, order: DialOrder): Promise<Dialled | null> {
  const { settings, store } = world;
  const { plan } = order;
  if (settings.consent.eligibilityUrl === null && plan.eligibilityUrl === undefined) return null;
  // Nobody is asked again and again while nothing is dialled, nor about a number that is barred already.
  const { accountSid } = settings.twilio;
  const [{ paused, breaker }, listed] = await Promise.all([
    store.readDialling({ accountSid }),
    store.findSuppression(plan.to),
  ]);
  if (paused !== null) return notClaimed(order, { claimed: false, by: 'paused', reason: paused.reason });
  // One that is trying lets a call through now and then: its claim is to tell.
  if (breaker.state === 'open')
    return notClaimed(order, { claimed: false, by: 'breaker', reason: breaker.reason ?? '' });
  if (listed !== null && !listed.expired)
    return notClaimed(order, {
      claimed: false,
      by: 'suppressed',
      reason: listed.reason,
      source: listed.source,
    });
  const eligibility = await askEligibility(world, order);
  switch (eligibility.kind) {
    case 'eligible':
      return null;
    case 'refused':
      return {
        kind: 'forbidden',
        code: 'not-eligible',
        message: `Asked whether the number may be called: no (${eligibility.reason})`,
      };
    case 'unknown':
      return notYet(`a clear answer to whether the number may be called (${eligibility.why})`);
  }
}

async function claimAndCreate(
  world: DialWorld,
  order: DialOrder,
  begunAt: number,
  onClaim: OnClaim,
): Promise<Dialled> {
  const claim = await claimWithin(world, order, briefWaitMs);
  if (!claim.claimed) return notClaimed(order, claim);
  const isOver = onClaim();
  try {
    if (claim.waitSeconds > 0) await sleep(claim.waitSeconds * 1000);
    const why = await tooLate(order, begunAt);
    if (why === null) return await create(world, order);
    if (!(await settle(world, order, { result: 'not-sent' }))) return notWritten;
    return { kind: 'not-sent', why, retryAfterSeconds: 0 };
  } finally {
    isOver();
  }
}

/** Why nothing may be sent any more, now that the order has waited here for its claim and its slot. */
async function tooLate(order: DialOrder, begunAt: number): Promise<string | null> {
  const { giveUpAt } = order.plan;
  // A worker that was frozen in between must not dial when the workflow has long gone on without it.
  if (Date.now() - begunAt > mustSendWithinMs) return 'the worker took too long before it could dial';
  if (giveUpAt !== null && Date.parse(giveUpAt) < Date.now())
    return `its time was over before it could dial: ${giveUpAt}`;
  return (await windowShut(order)) === null ? null : 'its calling window closed before it could dial';
}

async function claimWithin(world: DialWorld, order: DialOrder, waitMs: number): Promise<DialClaim> {
  const { callId, attempt, round, plan } = order;
  const { settings } = world;
  const giveUpAt = Date.now() + waitMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const claim = await world.store.claimDial({
      callId,
      attempt,
      round,
      accountSid: settings.twilio.accountSid,
      to: plan.to,
      from: plan.from,
      abandonedAfterSeconds,
      limits: limitsOf(settings),
      parallel: plan.allowParallel ?? false,
      rememberInvalidSeconds: settings.rememberInvalidSeconds,
      lookupSaysValid: order.lookupSaysValid ?? false,
      slotWithinSeconds,
    });
    const soon = !claim.claimed && (claim.by === 'other-call' || claim.by === 'no-room');
    if (!soon || Date.now() + pauseMs > giveUpAt) return claim;
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

async function create(world: DialWorld, order: DialOrder): Promise<Dialled> {
  const { notice } = world;
  try {
    const call = await world.twilio.calls.create(createOptions(world, order));
    notice({ kind: 'account-fine' });
    if (!isCallSid(call.sid)) return unclear(world, order, 'Twilio answered without a call SID', false);
    const [written] = await Promise.all([
      settle(world, order, { result: 'created', callSid: call.sid, trouble: false }),
      noteQueued(world, order, call.sid),
    ]);
    return {
      kind: 'created',
      callSid: call.sid,
      status: call.status,
      at: new Date().toISOString(),
      sidFrom: 'created',
      ...(written ? {} : { unwritten: true }),
    };
  } catch (error) {
    if (error instanceof TwilioAnswer && isNo(error)) return answered(world, order, error);
    const why = error instanceof Error ? error.message : String(error);
    if (surelyNotSent(error)) {
      if (!(await settle(world, order, { result: 'not-sent', trouble: true, why }))) return notWritten;
      return { kind: 'not-sent', why: `Twilio could not be reached (${why})`, retryAfterSeconds: null };
    }
    return unclear(world, order, why, error instanceof TwilioAnswer && error.error.code !== null);
  }
}

async function unclear(world: DialWorld, order: DialOrder, why: string, answered: boolean): Promise<Dialled> {
  // The claim stays open: until the end is known, nothing else is dialled between these numbers.
  await settle(world, order, { result: null, trouble: true, why });
  return { kind: 'unclear', why, answered };
}

function isCallSid(sid: unknown): boolean {
  return typeof sid === 'string' && /^CA[0-9a-fA-F]{32}$/.test(sid);
}

/** A 4xx says that there is no call. 408 comes from a gateway that does not know. */
function isNo({ error }: TwilioAnswer): boolean {
  return error.httpStatus >= 400 && error.httpStatus < 500 && error.httpStatus !== 408;
}

async function answered(
  world: DialWorld,
  order: DialOrder,
  { error, retryAfterSeconds }: TwilioAnswer,
): Promise<Dialled> {
  const verdict = verdictOf(error);
  if (verdict === 'not-processed') {
    if (!(await settle(world, order, { result: 'not-sent' }))) return notWritten;
    return {
      kind: 'not-sent',
      why: `Twilio asks to wait (${error.code ?? error.httpStatus}: ${error.message})`,
      retryAfterSeconds,
    };
  }
  const trouble = verdict === 'account-trouble';
  const why = `${error.code ?? `HTTP ${error.httpStatus}`} ${error.message}`;
  const written = await settle(world, order, { result: 'refused', detail: error, trouble, why });
  if (!trouble) {
    world.notice({ kind: 'account-fine' });
    return { kind: 'refused', error };
  }
  world.notice({ kind: 'account-trouble', code: error.code, message: error.message });
  log.error('Twilio refuses the account: calls wait until it is mended', {
    code: error.code,
    httpStatus: error.httpStatus,
  });
  return written ? { kind: 'account-trouble', error } : notWritten;
}

/** An open claim would hold up all that comes after it; whoever seeks its call closes it, once the store is back. */
const notWritten: Dialled = {
  kind: 'unclear',
  why: 'there is no call, but the journal of creates could not be told so',
  answered: true,
};

/**
 * The workflow has the result from here on; the journal only has it for executions that come again, and for what
 * decides of other calls. `trouble`: whether it was Twilio or the account that failed; left out, it tells nothing of them.
 */
async function settle(
  world: DialWorld,
  { callId, attempt, round }: DialOrder,
  { result, callSid, detail, trouble, why }: Settlement,
): Promise<boolean> {
  const { breaker } = world.settings;
  const answer = trouble === undefined ? {} : { answer: { trouble, why: why ?? null, breaker } };
  try {
    const change = await world.store.settleDial({
      callId,
      attempt,
      round,
      result,
      callSid: callSid ?? null,
      detail,
      ...answer,
    });
    if (change !== null) world.notice({ kind: 'breaker', ...change });
    return true;
  } catch (error) {
    log.warn('The journal of creates could not be written; the claim is closed with the outcome', { error });
    return false;
  }
}

interface Settlement {
  result: DialResult | null;
  callSid?: string;
  detail?: TwilioError;
  trouble?: boolean;
  why?: string;
}

/** For lists: a placed call shows at once, before its first callback. */
async function noteQueued(world: DialWorld, order: DialOrder, callSid: string): Promise<void> {
  const { callId, attempt } = order;
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
  await world.store.noteProgress({ callId, attempt, state: 'queued', update }).catch(() => {});
}

function createOptions(
  world: DialWorld,
  { callId, attempt, plan }: DialOrder,
): CallListInstanceCreateOptions {
  const { hears } = plan;
  return {
    to: plan.to,
    from: plan.from,
    timeout: plan.ringTimeoutSeconds,
    timeLimit: plan.maxDurationSeconds,
    ...hears,
    // Twilio ignores the request's callbacks when an application is given.
    ...('applicationSid' in hears
      ? {}
      : {
          statusCallback: statusCallbackUrl(world.settings.publicUrl, callId, attempt),
          statusCallbackMethod: 'POST',
          statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
        }),
    ...(plan.machineDetection === 'off'
      ? {}
      : { machineDetection: plan.machineDetection === 'enable' ? 'Enable' : 'DetectMessageEnd' }),
  };
}
