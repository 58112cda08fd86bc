import { TimeoutType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { claiming, claimingBeside, dialling, seeking } from './activityOptions.js';
import type { Dialled, DialOrder, Forbidden, Forgotten, Found } from './callActivities.js';
import type { Attempt, LookupEvidence } from './callOutcome.js';
import type { CallPlan } from './callRequest.js';
import { noteWaiting } from './noteWaiting.js';
import type { RunningCall } from './runningCall.js';
import { waitForTurn } from './waiting.js';
import { isPast, now, secondsUntil } from './workflowTime.js';

/**
 * `placed`: the Twilio call exists. All other endings: there is none. `outdated`: what the attempt was ordered for does not
 * hold any more.
 */
export type Placing =
  | 'placed'
  | 'refused'
  | 'canceled'
  | 'outdated'
  | 'too-late'
  | 'over'
  | 'never-known'
  | Forbidden;

/**
 * Pauses between two tries while Twilio, the account or the store is in trouble: they double up to half a
 * minute, and after ten minutes or so to five minutes, so that a long trouble does not fill the history.
 */
const longestPauseSeconds = 30;
const manyPauses = 20;
const longestLatePauseSeconds = 300;

/** Longer waits for a moment are cut in pieces, after each of which it is asked again. */
const longestPauseUntilSeconds = 7 * 86_400;

/**
 * How long a create may still take to report once a callback has proven that the call exists: longer than a
 * create can take whose worker lives, so that its word goes first.
 */
const graceAfterCallbackSeconds = 15;

/** Endings that tell what became of a create, this one or the same one executed before. With the others none is known of. */
const tellsOfCreate: string[] = [
  'created',
  'refused',
  'account-trouble',
  'not-sent',
  'unclear',
] satisfies Dialled['kind'][];

/**
 * Places the Twilio call of one attempt: exactly one, whatever is lost on the way.
 *
 * A create is sent again only when the one before surely made no call: it was not sent, not processed, or
 * Twilio has shown no trace of it for long enough. Until then the attempt listens for the callback that names
 * it and asks Twilio's list, and dials nothing.
 */
export async function place(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  lookup: LookupEvidence | null,
  isOutdated: () => boolean,
): Promise<Placing> {
  const unwanted = () => call.cancelRequested || isOutdated();
  const known = lookup?.valid ? ({ lookupSaysValid: true } as const) : {};
  let round = 1;
  for (let pauses = 0; ; pauses++) {
    const rest = (seconds: number, why: string, until: string | null = null) =>
      pause(call, plan, attempt, unwanted, pauses, seconds, why, until);
    // A callback that names the attempt proves that a create landed after all.
    if (call.adoptFromCallback(attempt)) {
      await claim(call, attempt, round);
      return 'placed';
    }
    if (call.cancelRequested) return 'canceled';
    if (isOutdated()) return 'outdated';
    if (isPast(plan.giveUpAt)) return 'too-late';
    if (call.steering.paused) {
      const turn = await waitForTurn(call, plan, () => call.hasEarlyCallback || isOutdated());
      if (turn !== 'now') return typeof turn === 'string' ? turn : 'too-late';
      continue;
    }

    const order: DialOrder = {
      callId: call.callId,
      attempt: attempt.number,
      round,
      orderedAt: now(),
      plan,
      ...known,
    };
    call.enter('placing', 'its turn to dial');
    const dialled = await dialOrHear(call, order, plan, () => unwanted() || call.steering.paused);
    call.waitingFor(null);
    // A create before this one has made the call after all: whatever became of this order, that call counts.
    if (call.hasEarlyCallback && ['refused', 'forbidden', 'too-late', 'over'].includes(dialled.kind)) {
      round = Math.max(1, round - 1);
      continue;
    }
    if (tellsOfCreate.includes(dialled.kind)) call.lastCreate = { attempt: attempt.number, round };
    switch (dialled.kind) {
      case 'heard':
        break;
      case 'taken-back':
        // The create that the callback is about is the one before.
        if (call.hasEarlyCallback) round = Math.max(1, round - 1);
        break;
      case 'forbidden':
        call.note(`not dialled: ${dialled.message}`);
        return dialled;
      case 'created':
        if (dialled.unwritten) claimBeside(call, attempt, round, dialled.callSid);
        return made(call, attempt, dialled);
      case 'refused':
        return refused(call, attempt, dialled);
      case 'too-late':
      case 'over':
        return dialled.kind;
      case 'not-yet':
        await rest(growing(pauses), dialled.why, dialled.until ?? null);
        break;
      case 'not-sent':
        round++;
        // However soon it may be tried again: each try costs history, of which a call has so much and no more.
        await rest(Math.max(dialled.retryAfterSeconds ?? 0, growing(pauses)), dialled.why);
        break;
      case 'account-trouble': {
        round++;
        const code = dialled.error.code ?? `HTTP ${dialled.error.httpStatus}`;
        const why = `the Twilio account to be mended (${code}: ${dialled.error.message})`;
        await rest(growing(pauses), why);
        break;
      }
      case 'unclear': {
        attempt.evidence.create = { sidFrom: null, error: null, unclear: dialled.why };
        const found = await seek(call, { ...order, answered: dialled.answered }, attempt, dialled.why);
        if (found === 'never-known') return 'never-known';
        if (attempt.callSid !== null) return 'placed';
        round++;
        break;
      }
    }
  }
}

/**
 * Takes in what the journal says of a create that was forgotten by a reset, and dials nothing. `over`: it made no call,
 * nor has it anything to say of the number.
 */
export async function recall(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  { round, dialled }: Forgotten['forgotten'],
): Promise<Placing> {
  call.note(`the journal of creates tells of attempt ${attempt.number}, which was forgotten`);
  call.lastCreate = { attempt: attempt.number, round };
  if (dialled.kind === 'created') return made(call, attempt, dialled);
  if (dialled.kind === 'refused') return refused(call, attempt, dialled);
  if (dialled.kind !== 'unclear') return 'over';
  attempt.evidence.create = { sidFrom: null, error: null, unclear: dialled.why };
  const order = {
    callId: call.callId,
    attempt: attempt.number,
    round,
    orderedAt: now(),
    plan,
  };
  const found = await seek(call, { ...order, answered: dialled.answered }, attempt, dialled.why);
  if (found === 'never-known') return 'never-known';
  return attempt.callSid === null ? 'over' : 'placed';
}

function made(
  call: RunningCall,
  attempt: Attempt,
  { callSid, sidFrom, at }: Dialled & { kind: 'created' },
): 'placed' {
  call.note(`Twilio made the call: ${callSid}`);
  call.adopt(attempt, callSid, sidFrom, at);
  return 'placed';
}

function refused(call: RunningCall, attempt: Attempt, { error }: Dialled & { kind: 'refused' }): 'refused' {
  call.note(`Twilio refused: ${error.code ?? error.httpStatus} ${error.message}`);
  attempt.evidence.create = { sidFrom: null, error, unclear: null };
  return 'refused';
}

/**
 * Dials, and does not wait for long for a create to report whose call is known to exist already: its worker
 * may be lost, and the call be over before Temporal finds out.
 *
 * An order that still waits for its turn is taken back when the call is to stop or to pause, or when a callback shows that
 * an earlier create has made the call after all. `taken-back`: nothing was sent.
 */
async function dialOrHear(
  call: RunningCall,
  order: DialOrder,
  plan: CallPlan,
  unwanted: () => boolean,
): Promise<Dialled | { kind: 'heard' | 'taken-back' }> {
  let dialled: Dialled | { kind: 'taken-back' } | null = null;
  const scope = new CancellationScope();
  const dialling = scope
    .run(() => dial(order, plan))
    .then((result) => {
      dialled = result;
    });
  await Promise.race([dialling, condition(() => call.hasEarlyCallback || unwanted())]);
  if (dialled !== null) return dialled;
  // What has begun is not interrupted.
  if (unwanted() || order.round > 1) scope.cancel();
  await Promise.race([dialling, condition(() => call.hasEarlyCallback)]);
  if (dialled !== null) return dialled;
  const summary = 'a callback came first: will the create report?';
  await Promise.race([
    dialling,
    condition(() => dialled !== null, graceAfterCallbackSeconds * 1000, { summary }),
  ]);
  dialling.catch(() => {});
  return dialled ?? { kind: 'heard' };
}

async function dial(order: DialOrder, plan: CallPlan): Promise<Dialled | { kind: 'taken-back' }> {
  try {
    return await dialling(plan).placeCall(order);
  } catch (error) {
    // It had not begun.
    if (isCancellation(error)) return { kind: 'taken-back' };
    if (!(error instanceof ActivityFailure)) throw error;
    if (error.cause instanceof TimeoutFailure && error.cause.timeoutType === TimeoutType.SCHEDULE_TO_START)
      return { kind: 'too-late' };
    const { cause } = error;
    if (cause instanceof ApplicationFailure && cause.type === 'CallIdTaken') throw cause;
    const why =
      cause instanceof TimeoutFailure
        ? 'the worker that placed the call was lost or did not report back in time'
        : (cause?.message ?? error.message);
    return { kind: 'unclear', why, answered: false };
  }
}

/** Finds out whether a create of unknown fate made a call: by callback, by journal, by Twilio's list. */
async function seek(
  call: RunningCall,
  order: DialOrder & { answered: boolean },
  attempt: Attempt,
  why: string,
): Promise<'known' | 'never-known'> {
  call.note(`unclear whether Twilio made the call: ${why}`);
  call.enter('placing', `a trace of the call at Twilio, since it is unclear whether it was made (${why})`);
  call.publish();
  const scope = new CancellationScope();
  let found: Found | 'never-known' | null = null;
  const search = scope.run(async () => {
    try {
      found = await seeking(order).findCall(order);
    } catch (error) {
      if (!isCancellation(error)) found = 'never-known';
    }
  });
  await Promise.race([search, condition(() => call.hasEarlyCallback)]);
  if (call.adoptFromCallback(attempt)) {
    scope.cancel();
    await search;
    await claim(call, attempt, order.round);
    return 'known';
  }
  await search;
  const result = found as Found | 'never-known' | null;
  if (result === 'never-known' || result === null) return 'never-known';
  if (result.kind === 'found') {
    call.note(`found at Twilio (${result.sidFrom}): ${result.callSid}`);
    call.adopt(attempt, result.callSid, result.sidFrom, now());
  } else call.note('Twilio has no trace of the call: it was never made');
  return 'known';
}

async function claim(call: RunningCall, attempt: Attempt, round: number): Promise<void> {
  const callSid = attempt.callSid as string;
  // The claim only keeps others from adopting this call; the outcome does not hang on it.
  await claiming.claimCall({ callId: call.callId, attempt: attempt.number, round, callSid }).catch(() => {});
}

/** Limits count by the journal: it is told as soon as it can be, and the call goes on. */
function claimBeside(call: RunningCall, attempt: Attempt, round: number, callSid: string): void {
  const claim = { callId: call.callId, attempt: attempt.number, round, callSid };
  claimingBeside.claimCall(claim).catch(() => {});
}

async function pause(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  unwanted: () => boolean,
  pauses: number,
  seconds: number,
  why: string,
  until: string | null,
): Promise<void> {
  const left = plan.giveUpAt === null ? Number.POSITIVE_INFINITY : secondsUntil(plan.giveUpAt);
  call.note(`not dialled: ${why}`);
  if (pauses === 0) await noteWaiting(call);
  call.enter('waiting', why, until);
  const wakes = () => unwanted() || (call.hasEarlyCallback && attempt.callSid === null);
  const wait =
    until === null ? seconds : Math.min(Math.max(1, secondsUntil(until)), longestPauseUntilSeconds);
  await call.until(wakes, Math.min(wait, left), `not dialled yet: ${why}`);
}

function growing(pauses: number): number {
  return Math.min(2 ** pauses, pauses < manyPauses ? longestPauseSeconds : longestLatePauseSeconds);
}
