import { isDeepStrictEqual } from 'node:util';
import { completePolicy } from '../../activities/validation/retryPolicySchema.js';
import { behaviorOf } from '../../src/simulator/numbers/numbers.js';
import type { CallOutcome } from '../../workflows/callOutcome.js';
import type { CallRequest, RetryPolicy } from '../../workflows/callRequest.js';
import { untruthsOfAttempt } from './attemptTruth.js';
import type { PlacedCall } from './client.js';
import type { Evidence, TwilioCall } from './collectEvidence.js';

/** Kinds of violations. `policy`: a retry that the policy does not allow, or a missing one. */
export const wrongs = ['lost', 'doubled', 'untrue', 'let in', 'policy', 'bad end'] as const;
export type Wrong = (typeof wrongs)[number];

export interface Violation {
  wrong: Wrong;
  /** Null: it concerns no single call. */
  callId: string | null;
  what: string;
}

/** Compares what ringtrue recorded and answers with what Twilio says. Empty: no violation. */
export function violationsOf(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  const report = (wrong: Wrong, callId: string | null, what: string) => found.push({ wrong, callId, what });
  const byAttempt = twilioCallsByAttempt(evidence.twilio);
  const known = new Set(evidence.placed.flatMap(({ callIds }) => callIds));

  for (const [address, calls] of byAttempt) {
    const [callId = '', attempt] = address.split('/');
    const sids = calls.map(({ sid }) => sid);
    if (!known.has(callId))
      report('doubled', callId, `Twilio dialed ${sids} for a call that the client did not place`);
    if (calls.length > 1) report('doubled', callId, `attempt ${attempt} made ${calls.length} calls: ${sids}`);
    const claimed = evidence.attempts.filter((row) => row.call_id === callId).map((row) => row.call_sid);
    for (const sid of sids.filter((one) => !claimed.includes(one)))
      report('doubled', callId, `${sid} of attempt ${attempt} belongs to no recorded attempt`);
  }
  for (const { call_id } of evidence.calls)
    if (!known.has(call_id)) report('doubled', call_id, 'it has a row, but the client did not place it');
  for (const call of evidence.placed) judgeCall(call, evidence, byAttempt, report);
  for (const { kind, callId, attempt, callSid, status } of evidence.forged) {
    if (!allowed[kind].includes(status))
      report('let in', callId, `a forged callback (${kind}) got ${status}`);
    const row = evidence.attempts.find((one) => one.call_id === callId && one.number === attempt);
    const isTrue = byAttempt.get(`${callId}/${attempt}`)?.some(({ sid }) => sid === callSid);
    const text = JSON.stringify(row?.document ?? null);
    if (text.includes('7777') || (!isTrue && text.includes(callSid)))
      report(
        'let in',
        callId,
        `what a forged callback (${kind}) said is in the record of attempt ${attempt}`,
      );
  }
  for (const { name, how } of evidence.badEnds) report('bad end', null, `${name} ${how}`);
  return found;
}

/** Acceptable answers to forged callbacks. 0: the API is down. 503: it cannot check now. */
const allowed: Record<Evidence['forged'][number]['kind'], number[]> = {
  unsigned: [403, 0],
  'wrong-token': [403, 0],
  tampered: [403, 0],
  'moved-to-another-call': [403, 0],
  'another-sid': [204, 503, 0],
  'attempt-not-begun': [204, 503, 0],
  'no-such-call': [404, 503, 0],
};

/** By `callId/attempt`, which are in the callback URL of each call. */
function twilioCallsByAttempt(calls: TwilioCall[]): Map<string, TwilioCall[]> {
  const found = new Map<string, TwilioCall[]>();
  for (const call of calls) {
    const [, callId, attempt] = /\/twilio\/status\/([^/#]+)\/(\d+)/.exec(call.statusCallback ?? '') ?? [];
    const address = callId === undefined ? `${call.to}/?` : `${decodeURIComponent(callId)}/${attempt}`;
    found.set(address, [...(found.get(address) ?? []), call]);
  }
  return found;
}

function judgeCall(
  call: PlacedCall,
  evidence: Evidence,
  byAttempt: Map<string, TwilioCall[]>,
  report: (wrong: Wrong, callId: string | null, what: string) => void,
): void {
  const { callIds, request } = call;
  const [callId] = callIds;
  const { key } = call.planned;
  if (callId === undefined) {
    // Nothing is lost if a request is refused. But a running API has no reason to refuse one.
    if (!call.refusal?.startsWith('422') || request.giveUpAt === undefined)
      report('lost', null, `${key} was never accepted: ${call.refusal}`);
    return;
  }
  const reportCall = (wrong: Wrong, what: string) => report(wrong, callId, what);
  if (callIds.length > 1) reportCall('doubled', `one Idempotency-Key made ${callIds}`);

  const rows = evidence.calls.filter((row) => row.call_id === callId);
  const [row] = rows;
  if (rows.length !== 1 || !row?.document) {
    reportCall('lost', `it has ${rows.length} rows, state ${row?.state ?? 'none'}, and no outcome`);
    return;
  }
  const { document } = row;
  const attempts = evidence.attempts.filter((one) => one.call_id === callId);
  if (row.state !== 'done' || row.outcome !== document.outcome || row.call_sid !== document.callSid)
    reportCall('untrue', 'the columns of its row are not what its document says');
  if (
    !same(
      attempts.map((one) => one.document),
      document.attempts,
    )
  )
    reportCall(
      'lost',
      `its ${attempts.length} attempt rows are not the ${document.attempts.length} of the outcome`,
    );
  if (attempts.some((one, i) => one.number !== i + 1))
    reportCall('lost', `its attempts are numbered ${attempts.map((one) => one.number)}`);
  const workflow = evidence.workflows[callId];
  if (workflow?.status !== 'COMPLETED') reportCall('lost', `its workflow is ${workflow?.status}`);
  // A call that was reset records again. The first record stays.
  else if (!evidence.resets.some((reset) => reset.callId === callId) && !same(workflow.result, document))
    reportCall('untrue', 'its workflow ended with another outcome than its row');
  const api = evidence.api[callId];
  if (api?.state !== 'done' || !same(api.outcome, document))
    reportCall('untrue', `the API answers ${JSON.stringify(api?.outcome?.outcome ?? api)} for it`);
  for (const placement of evidence.placements.filter((one) => one.call_id === callId && one.result === null))
    reportCall(
      'lost',
      `its claim of attempt ${placement.attempt}, placement ${placement.placement} is still open`,
    );

  for (const attempt of document.attempts) {
    const [twilio] = byAttempt.get(`${callId}/${attempt.number}`) ?? [];
    for (const wrong of untruthsOfAttempt(attempt, twilio, request))
      reportCall('untrue', `attempt ${attempt.number}: ${wrong}`);
  }
  for (const wrong of untruthsOfOutcome(call, document)) reportCall('untrue', wrong);
  for (const wrong of breachesOfPolicy(call, document)) reportCall('policy', wrong);
}

/** Ways in which the outcome of the call does not follow from its attempts. */
function untruthsOfOutcome(call: PlacedCall, outcome: CallOutcome): string[] {
  const last = outcome.attempts.at(-1);
  const { lookup } = behaviorOf(call.request.to);
  const description = `it is recorded as ${outcome.outcome}, decided by ${outcome.decidedBy}`;
  switch (outcome.decidedBy) {
    case 'cancel':
      return call.cancels.length > 0 && outcome.outcome === 'canceled'
        ? []
        : [`${description}, but the client did not cancel it`];
    case 'policy':
      return call.request.giveUpAt && !last && outcome.outcome === 'expired' ? [] : [description];
    case 'lookup': {
      const forbids = typeof lookup.validationError === 'string' && lookup.validationError !== 'own';
      const inactive = call.request.lookup === 'lineStatus' && lookup.lineStatus === 'inactive';
      const isRight = outcome.outcome === 'invalid-number' && !last && (forbids || inactive);
      return isRight ? [] : [`${description}: Lookup does not forbid it, or there was an attempt`];
    }
    default:
      if (!last) return [`${description}, without an attempt`];
      return outcome.outcome === last.outcome && outcome.callSid === last.callSid
        ? []
        : [`${description}; its last attempt is ${last.outcome}, ${last.callSid}`];
  }
}

const once: RetryPolicy = completePolicy({ maxAttempts: 1, retryOn: [], initialIntervalSeconds: 1 });

function breachesOfPolicy({ request, cancels }: PlacedCall, outcome: CallOutcome): string[] {
  const policy = policyOf(request);
  const { attempts } = outcome;
  const last = attempts.at(-1);
  const found = attempts
    .slice(0, -1)
    .filter((one) => one.outcome === null || !policy.retryOn.includes(one.outcome))
    .map((one) => `it was dialed again after attempt ${one.number}: ${one.outcome}`);
  if (attempts.length > policy.maxAttempts)
    found.push(`it had ${attempts.length} attempts of ${policy.maxAttempts}`);
  const mayStop =
    !last ||
    last.outcome === null ||
    cancels.length > 0 ||
    request.giveUpAt !== undefined ||
    attempts.length >= policy.maxAttempts ||
    !policy.retryOn.includes(last.outcome) ||
    // Never retried, whatever the policy says: an unwanted call, and what Twilio always refuses.
    last.sipResponseCode === 607 ||
    (last.outcome === 'rejected' && last.errorCode !== 21214);
  if (!mayStop) found.push(`it gave up after ${attempts.length} of ${policy.maxAttempts}: ${last.outcome}`);
  return found;
}

function policyOf({ retry }: CallRequest): RetryPolicy {
  if (typeof retry === 'string') throw new Error(`The plan names no policies, and here is ${retry}.`);
  return retry ? completePolicy(retry) : once;
}

/** Compares two values as JSON, so that the order of fields and `undefined` do not count. */
function same(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}
