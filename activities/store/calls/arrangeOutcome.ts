import type { Attempt, CallOutcome, CallUpdate, CreateEvidence } from '../../../workflows/callOutcome.js';

/**
 * The attempt with its fields in the order of the contract. PostgreSQL's jsonb keeps the fields of an object
 * in an order of its own.
 */
export function arrangeAttempt(attempt: Attempt): Attempt {
  const { number, callSid, status, outcome, decidedBy, errorCode, sipResponseCode, ...times } = attempt;
  const { placedAt, answeredAt, endedAt, durationSeconds, answeredBy, reason, evidence, ...more } = times;
  const { create, updates, disagreed, notifications } = evidence;
  return {
    ...{ number, callSid, status, outcome, decidedBy, errorCode, sipResponseCode },
    ...{ placedAt, answeredAt, endedAt, durationSeconds, answeredBy },
    reason: arrangeReason(reason),
    evidence: {
      create: arrangeCreate(create),
      updates: updates.map(arrangeUpdate),
      disagreed,
      ...(notifications && {
        notifications: notifications.map(({ code, message }) => ({ code, message })),
      }),
    },
    ...more,
  };
}

/** The outcome with its fields in the order of the contract. */
export function arrangeOutcome(recorded: CallOutcome): CallOutcome {
  const { callId, to, requestedTo, from, account, metadata, outcome, ...found } = recorded;
  const { answeredBy, reachability, reason, decidedBy, ...rest } = found;
  const { callSid, errorCode, sipResponseCode, durationSeconds, attempts, endedBecause, ...others } = rest;
  const { requestedBy, controls, timeline, lookup, startedAt, endedAt, ...more } = others;
  return {
    ...{ callId, to, ...(requestedTo !== undefined && { requestedTo }) },
    ...{ from, ...(account !== undefined && { account }) },
    ...{ metadata, outcome, answeredBy, reachability },
    reason: arrangeReason(reason),
    ...{ decidedBy, callSid, errorCode, sipResponseCode, durationSeconds },
    attempts: attempts.map(arrangeAttempt),
    endedBecause: { code: endedBecause.code, message: endedBecause.message },
    // Absent in outcomes of workers that did not keep them.
    requestedBy: requestedBy ?? null,
    controls: (controls ?? []).map(({ at, control, by }) => ({ at, control, by })),
    timeline: timeline.map(({ at, text }) => ({ at, text })),
    lookup: arrangeLookup(lookup),
    ...{ startedAt, endedAt },
    ...more,
  };
}

function arrangeReason(reason: CallOutcome['reason']): CallOutcome['reason'] {
  return reason && { code: reason.code, source: reason.source, message: reason.message };
}

function arrangeCreate(create: CreateEvidence | null): CreateEvidence | null {
  if (create === null) return null;
  const { sidFrom, error, unclear } = create;
  return {
    sidFrom,
    error: error && { code: error.code, httpStatus: error.httpStatus, message: error.message },
    unclear,
  };
}

function arrangeUpdate(update: CallUpdate): CallUpdate {
  const { source, callSid, status, sequence, at, sipResponseCode, errorCode, ...rest } = update;
  const { durationSeconds, answeredBy, rang, receivedAt, ...more } = rest;
  return {
    ...{ source, callSid, status, sequence, at, sipResponseCode, errorCode },
    ...{ durationSeconds, answeredBy, rang },
    ...(receivedAt !== undefined && { receivedAt }),
    ...more,
  };
}

function arrangeLookup(lookup: CallOutcome['lookup']): CallOutcome['lookup'] {
  if (lookup === null) return null;
  const { answered, valid, validationErrors, lineType, lineStatus, phoneNumber, errors } = lookup;
  return {
    ...{ answered, valid, validationErrors, lineType, lineStatus },
    ...(phoneNumber !== undefined && { phoneNumber }),
    errors: errors.map((error) => ({ package: error.package, code: error.code, message: error.message })),
  };
}
