import { allHandlersFinished, CancellationScope, condition, patched } from '@temporalio/workflow';
import { explaining, recording, recordingQuickly } from './activityOptions.js';
import type { Forbidden, Forgotten } from './callActivities.js';
import type { Attempt, CallOutcome, DecidedBy, LookupEvidence } from './callOutcome.js';
import type { CallPlan, CallRequest } from './callRequest.js';
import { type CallUpdate, disagree, knownOf } from './callUpdate.js';
import { isAfter } from './deadline.js';
import { follow } from './following.js';
import { nextStep, reasonWithinSeconds } from './nextStep.js';
import { acceptAndLookUp } from './opening.js';
import {
  canceledByUs,
  deciderOf,
  expired,
  neverOpen,
  undecided,
  type Verdict,
  verdictOfAttempt,
  verdictOfForbidden,
  verdictOfLookup,
} from './outcomeOf.js';
import { type Placing, place, recall } from './placing.js';
import { endingOf } from './retryClass.js';
import { isFinal, RunningCall } from './runningCall.js';
import { tellOfAttempt, tellOfEnd } from './telling.js';
import { isOtherEnding, waitForRetry, waitForTurn } from './waiting.js';
import { isPast, now } from './workflowTime.js';

/** A verdict, and whose word it is. */
type Decision = Verdict & { decidedBy: DecidedBy };

/**
 * One outbound call, from request to recorded truth: asks Lookup, places the call, waits for status callbacks,
 * asks Twilio when they fail to come, dials again as the retry policy says, and records how it turned out.
 *
 * The workflow id is the call id. Fails with `InvalidCallRequest`, every fault named, before anything is dialled.
 */
export async function outboundCall(request: CallRequest): Promise<CallOutcome> {
  const call = new RunningCall();
  // Being canceled is a request like any other: what Twilio has begun is still followed to its end.
  return CancellationScope.nonCancellable(async () => {
    const { plan, lookup } = await acceptAndLookUp(call, request);
    let decision = (lookup && forbidden(lookup, plan)) ?? (await dialUntilDecided(call, plan, lookup));
    for (;;) {
      const recorded = await record(call, plan, lookup, decision);
      if (!('forgotten' in recorded)) return recorded;
      decision = (await followForgotten(call, plan, recorded)) ?? decision;
    }
  });
}

function forbidden(lookup: LookupEvidence, plan: CallPlan): Decision | null {
  const verdict = verdictOfLookup(lookup, plan.lookup);
  return verdict && { ...verdict, decidedBy: 'lookup' };
}

async function dialUntilDecided(
  call: RunningCall,
  plan: CallPlan,
  lookup: LookupEvidence | null,
): Promise<Decision> {
  let last: Ended | null = null;
  for (;;) {
    const ended: Ended | Decision = await dial(call, plan, lookup, last);
    if (!('attempt' in ended)) return ended;
    last = ended;
    const next = await waitToDialAgain(call, plan, last);
    if (next !== 'dial') return next;
  }
}

/** An attempt that is over, and what follows from it. */
interface Ended {
  attempt: Attempt;
  /** Workflow time, in ms. */
  endedAt: number;
  decision: Decision;
  /** What the policy dials again for; null until it is due. */
  again: Parameters<typeof isOtherEnding>[2] | null;
}

/**
 * One attempt, from its turn to its end; or what the call ends with, since nothing is dialled any more. Or the last attempt
 * anew: until something is dialled, the order to do so hangs on how that one ended, and a late word may make it another ending.
 */
async function dial(
  call: RunningCall,
  plan: CallPlan,
  lookup: LookupEvidence | null,
  last: Ended | null,
): Promise<Ended | Decision> {
  const isOutdated = () => last !== null && hasEndedOtherwise(call, plan, last);
  const turn = await waitForTurn(call, plan, isOutdated);
  if (turn !== 'now' || isOutdated()) return notDialled(call, plan, last, turn);

  const attempt = call.beginAttempt();
  const placing = await place(call, plan, attempt, lookup, isOutdated);
  if (placing !== 'placed' && placing !== 'refused' && placing !== 'never-known') {
    call.dropAttempt(attempt);
    return notDialled(call, plan, last, placing);
  }
  if (placing === 'placed') await follow(call, plan, attempt);
  const endedAt = Date.now();
  return { attempt, endedAt, decision: await decide(call, plan, attempt), again: null };
}

function hasEndedOtherwise(call: RunningCall, plan: CallPlan, { attempt, again }: Ended): boolean {
  return again !== null && call.hasLateWord(attempt) && isOtherEnding(plan, attempt, again);
}

async function notDialled(
  call: RunningCall,
  plan: CallPlan,
  last: Ended | null,
  why: Awaited<ReturnType<typeof waitForTurn>> | Placing,
): Promise<Ended | Decision> {
  if (last !== null && hasEndedOtherwise(call, plan, last)) {
    const decision = await decide(call, plan, last.attempt);
    return call.cancelRequested ? canceled(call, decision) : { ...last, decision };
  }
  if (why === 'canceled') return canceled(call, last?.decision ?? null);
  if (last !== null) return last.decision;
  if (typeof why === 'object')
    return 'shutIn' in why ? { ...neverOpen(why.shutIn), decidedBy: 'policy' } : decisionOnForbidden(why);
  // `over`: it was recorded before somebody reset the workflow. Whatever is decided now, the record counts.
  return { ...expired, decidedBy: 'policy' };
}

/** Nothing was dialled: what was shown of the number before counts as shown in this call, by whoever showed it. */
function decisionOnForbidden(forbidden: Forbidden): Decision {
  const verdict = verdictOfForbidden(forbidden);
  if (forbidden.code !== 'known-invalid') return { ...verdict, decidedBy: 'policy' };
  return { ...verdict, decidedBy: forbidden.shown.source === 'lookup' ? 'lookup' : 'create' };
}

/** Waits as the retry policy says until the number may be dialled again; or the decision that the call ends with. */
async function waitToDialAgain(call: RunningCall, plan: CallPlan, ended: Ended): Promise<Decision | 'dial'> {
  const { attempt, endedAt } = ended;
  for (; ; ended.decision = await decide(call, plan, attempt)) {
    const last = ended.decision;
    if (call.cancelRequested) return last;
    const step = nextStep(plan.retry, attempt.number, endingOf(attempt), Math.random);
    call.note(`attempt ${attempt.number}: ${last.outcome}${step.kind === 'stop' ? `; ${step.why}` : ''}`);
    if (step.kind === 'stop') return last;
    const dueAt = new Date(endedAt + step.afterSeconds * 1000).toISOString();
    if (isAfter(dueAt, plan.giveUpAt)) {
      call.note(`not dialled again: it would be ${dueAt}, and the call gives up at ${plan.giveUpAt}`);
      return last;
    }

    const written = await recordAttempt(call, attempt);
    await tellOfAttempt(call, plan, attempt, dueAt);
    const waited = await waitForRetry(call, plan, attempt, { ...step, dueAt });
    if (waited === 'canceled') return canceled(call, last);
    if (waited !== 'due') continue;
    // Until it is written down, the store counts what the attempt dialled as in flight, and holds up what is dialled next.
    await Promise.race([written.done, condition(() => call.cancelRequested)]);
    ended.again = { ...step, outcome: attempt.outcome };
    return isPast(plan.giveUpAt) ? last : 'dial';
  }
}

/** After a reset: the journal tells of an attempt that this run would have ended the call without. Null: it made no call. */
async function followForgotten(
  call: RunningCall,
  plan: CallPlan,
  { forgotten }: Forgotten,
): Promise<Decision | null> {
  const attempt = call.beginAttempt(forgotten.attempt);
  const recalled = await recall(call, plan, attempt, forgotten);
  if (recalled === 'over') {
    call.dropAttempt(attempt);
    return null;
  }
  if (recalled === 'placed') await follow(call, plan, attempt);
  return decide(call, plan, attempt);
}

/** Reads the verdict off all that was heard about the attempt, and writes it into the attempt. */
async function decide(call: RunningCall, plan: CallPlan, attempt: Attempt): Promise<Decision> {
  await seekReason(call, plan, attempt);
  // Read only now: more may have been heard in the meantime.
  const known = knownOf(attempt.evidence.updates);
  const code = errorCodeOf(attempt, known);
  if (attempt.errorCode === null || (attempt.errorCode !== code && patched('late-word-has-its-own-code')))
    attempt.errorCode = code;
  const verdict = verdictOfAttempt(attempt) ?? undecided;
  const source = isFinal(attempt) && known ? deciderOf(known) : attempt.callSid ? 'poll' : 'create';
  // A late word that makes it another outcome is also whose word it is, and tells when it ended.
  if (verdict.outcome !== attempt.outcome) {
    attempt.decidedBy = null;
    attempt.endedAt = null;
  }
  attempt.outcome = verdict.outcome;
  attempt.reason = verdict.reason;
  attempt.decidedBy ??= source;
  attempt.sipResponseCode = known?.sipResponseCode ?? null;
  attempt.durationSeconds = known?.durationSeconds ?? null;
  attempt.endedAt ??= known?.at ?? now();
  if (verdict.outcome === 'answered') attempt.answeredAt ??= answeredAtOf(known);
  attempt.evidence.disagreed = disagree(attempt.evidence.updates);
  call.weighed(attempt);
  call.waitingFor(null);
  return { ...verdict, decidedBy: attempt.decidedBy };
}

/** Of the ending that is known now: what was noted of a failure says nothing of a call that was none. */
function errorCodeOf({ errorCode, evidence }: Attempt, known: CallUpdate | null): number | null {
  if (known === null || known.status === 'failed')
    return errorCode ?? known?.errorCode ?? evidence.create?.error?.code ?? null;
  return known.errorCode;
}

/** No callback and no Call resource tells why a call failed; Twilio's notifications may. */
async function seekReason(call: RunningCall, plan: CallPlan, attempt: Attempt): Promise<void> {
  const known = knownOf(attempt.evidence.updates);
  if (known?.status !== 'failed' || (known.errorCode ?? attempt.errorCode) !== null) return;
  call.waitingFor("Twilio's notifications, for the reason of the failure");
  const within = reasonWithinSeconds(plan.retry, attempt.number, endingOf(attempt));
  const noted = await explaining(within)
    .readFailure({ callSid: known.callSid })
    .catch(() => null);
  attempt.errorCode = noted?.code ?? null;
}

/** When no callback told of the answer: Twilio counts the duration from it to the end. */
function answeredAtOf(known: CallUpdate | null): string | null {
  if (!known?.at || known.durationSeconds === null) return null;
  return new Date(Date.parse(known.at) - known.durationSeconds * 1000).toISOString();
}

/**
 * Canceled while Twilio had no call of ours; what earlier attempts showed of the number stays true. A call that a
 * machine has answered was answered, though it waited to try again for a person.
 */
function canceled(call: RunningCall, last: Decision | null): Decision {
  if (last?.outcome === 'answered') return last;
  const verdict = canceledByUs(call.cancelReason);
  return { ...verdict, reachability: last?.reachability ?? verdict.reachability, decidedBy: 'cancel' };
}

/** Comes back after one try, with when it is written for sure. */
async function recordAttempt(call: RunningCall, attempt: Attempt): Promise<{ done: Promise<void> }> {
  const order = { callId: call.callId, state: 'waiting-to-retry', attempt } as const;
  try {
    await recordingQuickly.recordAttempt(order);
    return { done: Promise.resolve() };
  } catch {
    call.note('the store is away: the attempt is recorded when it is back');
    return { done: recording.recordAttempt(order).catch(() => {}) };
  }
}

async function record(
  call: RunningCall,
  plan: CallPlan,
  lookup: LookupEvidence | null,
  decision: Decision,
): Promise<CallOutcome | Forgotten> {
  // What was heard of an earlier attempt while a later one was made changes its record, and not how the call ended.
  for (const earlier of call.attempts.slice(0, -1))
    if (call.hasLateWord(earlier)) await decide(call, plan, earlier);
  const last = call.attempts.at(-1) ?? null;
  const decided: CallOutcome = {
    callId: call.callId,
    to: plan.to,
    from: plan.from,
    metadata: plan.metadata,
    outcome: decision.outcome,
    answeredBy: last?.answeredBy ?? null,
    reachability: decision.reachability,
    reason: decision.reason,
    decidedBy: decision.decidedBy,
    callSid: last?.callSid ?? null,
    errorCode: last?.errorCode ?? null,
    sipResponseCode: last?.sipResponseCode ?? null,
    durationSeconds: last?.durationSeconds ?? null,
    // As they are now: what is heard from here on must not part the result from the record.
    attempts: JSON.parse(JSON.stringify(call.attempts)),
    startedAt: call.startedAt,
    endedAt: now(),
    lookup,
  };
  call.enter('recording', 'the outcome store');
  // The order to record puts the decision into the history before anything is written: nothing that is heard from
  // now on can change it.
  const outcome = await recording.recordOutcome({
    outcome: decided,
    after: call.lastCreate,
  });
  if ('forgotten' in outcome) return outcome;
  call.outcome = outcome;
  call.enter('done');
  call.note(`${outcome.outcome}, decided by ${outcome.decidedBy}`);
  call.publish();
  await tellOfEnd(call, plan, outcome);
  await condition(allHandlersFinished);
  return outcome;
}
