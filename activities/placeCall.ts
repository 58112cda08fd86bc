import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, log } from '@temporalio/activity';
import type { CallListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { Dialled, DialOrder } from '../workflows/callActivities.js';
import type { TwilioError } from '../workflows/callOutcome.js';
import type { CallPlan } from '../workflows/callRequest.js';
import type { CallUpdate } from '../workflows/callUpdate.js';
import { verdictOf } from '../workflows/createError.js';
import { callIdTaken } from './callIdTaken.js';
import { createLine } from './createLine.js';
import type { DialClaim, DialEntry, DialResult } from './outcomeStore.js';
import { statusCallbackUrl } from './statusCallbackUrl.js';
import { surelyNotSent, TwilioAnswer } from './twilioAnswer.js';
import type { World } from './world.js';

/** A slot this near is waited for here; for a later one the workflow sets a timer. */
const shortWaitSeconds = 2;
/** A slot that was missed by more than this is gone: at most one second's worth is ever ahead. */
const slotValidSeconds = 1;
/** With this and the HTTP time-out, a create that starts can still be over before the activity times out. */
const mustSendWithinMs = 12_000;
/** How long an attempt waits here for another create between the same two numbers. */
const fenceWaitMs = 3_000;
/** A claim that nobody settled for so long belongs to a call that is gone. */
const abandonedAfterSeconds = 3_600;

/**
 * Creates the call at Twilio.
 *
 * Creating is not idempotent, and Twilio knows no key that would make it so. Therefore each create is claimed
 * in the store before it is sent: whoever finds the claim there, in a second execution after a pause, a reset
 * or a lost worker, sends nothing and says what the journal says.
 */
export function placeCall(world: World): (order: DialOrder) => Promise<Dialled> {
  const inLine = createLine();
  return async (order) => {
    const begunAt = Date.now();
    const dialled = await dial();
    world.notice({ kind: 'dialled', result: dialled.kind });
    return dialled;

    async function dial(): Promise<Dialled> {
      const { plan } = order;
      if (plan.giveUpAt !== null && Date.parse(plan.giveUpAt) < begunAt) return { kind: 'too-late' };
      try {
        const wait = await waitForSlot(world, order);
        if (wait) return wait;
        // One create at a time between two numbers: a call in Twilio's list can then be this attempt's only.
        return await inLine(`${plan.from}>${plan.to}`, fenceWaitMs, () =>
          claimAndCreate(world, order, begunAt),
        );
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        // Only what goes before the create throws here: this execution sent nothing. Whether another one did is in
        // the journal, so the very same create is tried again, and not another one in its place.
        const why = error instanceof Error ? error.message : String(error);
        return {
          kind: 'not-yet',
          why: `the journal of creates, which can't be reached (${why})`,
          waitSeconds: 1,
          slot: null,
        };
      }
    }
  };
}

async function waitForSlot(world: World, order: DialOrder): Promise<Dialled | null> {
  const { store, settings } = world;
  let { slot } = order;
  let waitSeconds = 0;
  if (slot !== null) {
    const late = await store.secondsSince(slot);
    waitSeconds = -late;
    if (late > slotValidSeconds) slot = null;
  }
  if (slot === null) {
    const { accountSid } = settings.twilio;
    ({ slot, waitSeconds } = await store.takeSlot({ accountSid, callsPerSecond: settings.callsPerSecond }));
  }
  if (waitSeconds > shortWaitSeconds) {
    const why = `its turn: ${settings.callsPerSecond} calls per second are allowed`;
    return { kind: 'not-yet', why, waitSeconds: waitSeconds - 0.5, slot };
  }
  if (waitSeconds > 0) await sleep(waitSeconds * 1000);
  return null;
}

async function claimAndCreate(world: World, order: DialOrder, begunAt: number): Promise<Dialled> {
  const claim = await claimWithin(world, order, fenceWaitMs);
  if (!claim.claimed) {
    if (claim.by === 'this-dial') return fromJournal(order, claim.entry);
    if (claim.by === 'call-over') return { kind: 'over' };
    const why = `another call between the same two numbers to be placed first (${claim.callId})`;
    return { kind: 'not-yet', why, waitSeconds: 2, slot: null };
  }
  // A worker that was frozen in between must not dial when the workflow has long gone on without it.
  if (Date.now() - begunAt > mustSendWithinMs) {
    await settle(world, order, 'not-sent', null);
    return { kind: 'not-sent', why: 'the worker took too long before it could dial', retryAfterSeconds: 0 };
  }
  return create(world, order);
}

async function claimWithin(world: World, order: DialOrder, waitMs: number): Promise<DialClaim> {
  const { callId, attempt, round, plan } = order;
  const giveUpAt = Date.now() + waitMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const claim = await world.store.claimDial({
      callId,
      attempt,
      round,
      accountSid: world.settings.twilio.accountSid,
      to: plan.to,
      from: plan.from,
      abandonedAfterSeconds,
    });
    if (claim.claimed || claim.by !== 'other-call' || Date.now() + pauseMs > giveUpAt) return claim;
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

/** The create was executed before. What became of it is in the journal, or unclear. */
export function fromJournal(
  order: { callId: string; plan: Pick<CallPlan, 'to' | 'from'> },
  entry: DialEntry,
): Dialled {
  if (entry.to !== order.plan.to || entry.from !== order.plan.from) throw callIdTaken(order.callId);
  if (entry.callSid !== null)
    return {
      kind: 'created',
      callSid: entry.callSid,
      status: 'queued',
      at: new Date(Date.now() - entry.ageSeconds * 1000).toISOString(),
      sidFrom: 'journal',
    };
  const error = entry.detail as TwilioError | null;
  switch (entry.result) {
    case 'refused':
      if (error)
        return verdictOf(error) === 'account-trouble'
          ? { kind: 'account-trouble', error }
          : { kind: 'refused', error };
      break;
    case 'not-sent':
    case 'absent':
      return { kind: 'not-sent', why: 'an earlier execution did not reach Twilio', retryAfterSeconds: 0 };
  }
  return {
    kind: 'unclear',
    why: 'this create was executed before, and its end is not known',
    answered: false,
  };
}

async function create(world: World, order: DialOrder): Promise<Dialled> {
  const { notice } = world;
  try {
    const call = await world.twilio.calls.create(createOptions(world, order));
    notice({ kind: 'account-fine' });
    if (!isCallSid(call.sid))
      return { kind: 'unclear', why: 'Twilio answered without a call SID', answered: false };
    await Promise.all([settle(world, order, 'created', call.sid), noteQueued(world, order, call.sid)]);
    return {
      kind: 'created',
      callSid: call.sid,
      status: call.status,
      at: new Date().toISOString(),
      sidFrom: 'created',
    };
  } catch (error) {
    if (error instanceof TwilioAnswer && isNo(error)) return answered(world, order, error);
    const why = error instanceof Error ? error.message : String(error);
    if (surelyNotSent(error)) {
      await settle(world, order, 'not-sent', null);
      return { kind: 'not-sent', why: `Twilio could not be reached (${why})`, retryAfterSeconds: null };
    }
    // The claim stays open: until the end is known, nothing else is dialled between these numbers.
    return { kind: 'unclear', why, answered: error instanceof TwilioAnswer && error.error.code !== null };
  }
}

function isCallSid(sid: unknown): boolean {
  return typeof sid === 'string' && /^CA[0-9a-fA-F]{32}$/.test(sid);
}

/** A 4xx says that there is no call. 408 comes from a gateway that does not know. */
function isNo({ error }: TwilioAnswer): boolean {
  return error.httpStatus >= 400 && error.httpStatus < 500 && error.httpStatus !== 408;
}

async function answered(
  world: World,
  order: DialOrder,
  { error, retryAfterSeconds }: TwilioAnswer,
): Promise<Dialled> {
  const verdict = verdictOf(error);
  if (verdict === 'not-processed') {
    await settle(world, order, 'not-sent', null);
    return {
      kind: 'not-sent',
      why: `Twilio asks to wait (${error.code ?? error.httpStatus}: ${error.message})`,
      retryAfterSeconds,
    };
  }
  await settle(world, order, 'refused', null, error);
  if (verdict !== 'account-trouble') {
    world.notice({ kind: 'account-fine' });
    return { kind: 'refused', error };
  }
  world.notice({ kind: 'account-trouble', code: error.code, message: error.message });
  log.error('Twilio refuses the account: calls wait until it is mended', {
    code: error.code,
    httpStatus: error.httpStatus,
  });
  return { kind: 'account-trouble', error };
}

/** The workflow has the result from here on; the journal only has it for executions that come again. */
async function settle(
  world: World,
  order: DialOrder,
  result: DialResult,
  callSid: string | null,
  detail?: TwilioError,
) {
  const { callId, attempt, round } = order;
  try {
    await world.store.settleDial({ callId, attempt, round, result, callSid, detail });
  } catch (error) {
    log.warn('The journal of creates could not be written; the claim is closed with the outcome', { error });
  }
}

/** For lists: a placed call shows at once, before its first callback. */
async function noteQueued(world: World, order: DialOrder, callSid: string): Promise<void> {
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

function createOptions(world: World, { callId, attempt, plan }: DialOrder): CallListInstanceCreateOptions {
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
