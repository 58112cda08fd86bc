import { recordOutcome as record } from '../activityProxies.js';
import { accountOf } from '../call/accountOf.js';
import type { RunningCall } from '../call/runningCall.js';
import { now } from '../call/workflowTime.js';
import type { ForgottenPlacement } from '../callActivities.js';
import type { CallOutcome } from '../callOutcome.js';
import { canceledDecision, type Decision } from '../rules/decision.js';
import { findErrorCode, needsErrorCode, settle } from './settleAttempt.js';

/**
 * Records how the call turned out, for as long as it takes, and returns what is on record. After a reset the journal may know
 * a later placement than this run does: then nothing is recorded, and that placement is returned.
 */
export async function recordOutcome(
  call: RunningCall,
  decision: Decision,
): Promise<CallOutcome | ForgottenPlacement> {
  call.enter('recording');
  await findLateErrorCodes(call);
  // From here on without an await: the activity's input puts the decision into the history before anything is written.
  const last = call.attempts.at(-1);
  const isLasts = last?.outcome === decision.outcome && last.decidedBy === decision.decidedBy;
  for (const attempt of call.attempts) {
    const settled = settle(call, attempt);
    // What became known of an earlier attempt changes that attempt's record, not how the call ended.
    if (attempt === last && isLasts) decision = { ...settled, endedBecause: decision.endedBecause };
    else if (attempt === last && decision.decidedBy === 'cancel') decision = canceledDecision(call, settled);
  }
  call.note(`${decision.outcome}, decided by ${decision.decidedBy}; ${decision.endedBecause.message}`);
  call.setWaitingFor('the outcome store');
  const outcome = outcomeOf(call, decision);
  const result = await record({ outcome, ...accountOf(call.plan), after: call.lastPlacement });
  if ('forgotten' in result) return result;
  call.outcome = result.recorded ?? outcome;
  call.enter('done');
  call.publish();
  return call.outcome;
}

/** Twilio may note why an attempt failed after the search for it was cut short, or was over. */
async function findLateErrorCodes(call: RunningCall): Promise<void> {
  for (const attempt of call.attempts)
    if (needsErrorCode(attempt) && (attempt !== call.attempts.at(-1) || call.retry !== null))
      await findErrorCode(call, attempt, { withinSeconds: null, once: true });
}

function outcomeOf(call: RunningCall, decision: Decision): CallOutcome {
  const { plan } = call;
  const last = call.attempts.at(-1) ?? null;
  return {
    callId: call.callId,
    to: plan.to,
    ...(plan.requestedTo === undefined ? {} : { requestedTo: plan.requestedTo }),
    from: plan.from,
    ...(plan.account === undefined ? {} : { account: plan.account.name }),
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
    // A copy: what is heard from here on must not part the result from the record.
    attempts: JSON.parse(JSON.stringify(call.attempts)),
    endedBecause: decision.endedBecause,
    requestedBy: call.requestedBy,
    controls: [...call.controls.uses],
    timeline: [...call.timeline],
    lookup: call.lookup,
    startedAt: call.startedAt,
    endedAt: now(),
  };
}
