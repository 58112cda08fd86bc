import { describe, expect, it } from 'vitest';
import type { Attempt, CallOutcome } from '../../workflows/callOutcome.js';
import type { AttemptRow, CallRow, Evidence, TwilioCall } from './collectEvidence.js';
import type { Forged } from './forger.js';
import { type Violation, violationsOf } from './truth.js';

const callId = 'call-1';
const to = '+15005555480';
const from = '+15005550006';
const sid = 'CA00000000000000000000000000000001';

/** A call that failed with SIP 480, as a callback says: `no-answer`. */
const attempt: Attempt = {
  number: 1,
  callSid: sid,
  status: 'failed',
  outcome: 'no-answer',
  decidedBy: 'webhook',
  errorCode: null,
  sipResponseCode: 480,
  placedAt: '2026-01-01T00:00:00.000Z',
  answeredAt: null,
  endedAt: '2026-01-01T00:00:02.000Z',
  durationSeconds: 0,
  answeredBy: null,
  reason: null,
  evidence: { create: { sidFrom: 'created', error: null, unclear: null }, updates: [], disagreed: false },
};
const outcome: CallOutcome = {
  callId,
  to,
  from,
  metadata: {},
  outcome: 'no-answer',
  answeredBy: null,
  reachability: 'unreachable',
  reason: null,
  decidedBy: 'webhook',
  callSid: sid,
  errorCode: null,
  sipResponseCode: 480,
  durationSeconds: 0,
  attempts: [attempt],
  endedBecause: { code: 'max-attempts', message: 'Attempt 1 of 1 was the last' },
  requestedBy: null,
  controls: [],
  timeline: [],
  lookup: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:02.000Z',
};
const twilioCall: TwilioCall = {
  sid,
  to,
  from,
  statusCallback: `http://127.0.0.1:3000/twilio/status/${callId}/1#rc=5`,
  status: 'failed',
  sipResponseCode: 480,
  answeredBy: null,
  durationSeconds: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  notifications: [],
};

/** Evidence of one call: its record, and the call as Twilio has it. */
function evidenceOf(record: CallOutcome = outcome, twilio: TwilioCall[] = [twilioCall]): Evidence {
  return {
    placed: [
      {
        planned: {
          key: 'key-1',
          atMs: 0,
          request: { to, from },
          giveUpAfterSeconds: null,
          cancelAfterMs: null,
          retryNow: false,
          postedTwice: false,
          what: 'an example',
        },
        request: { to, from },
        callIds: [callId],
        refusal: null,
        cancels: [],
        retriesTaken: 0,
        repeats: 0,
      },
    ],
    forged: [],
    resets: [],
    badEnds: [],
    twilio,
    calls: [
      { call_id: callId, state: 'done', outcome: record.outcome, call_sid: record.callSid, document: record },
    ],
    attempts: record.attempts.map((one) => ({
      call_id: callId,
      number: one.number,
      call_sid: one.callSid,
      outcome: one.outcome,
      document: one,
    })),
    placements: [{ call_id: callId, attempt: 1, placement: 1, result: 'created', call_sid: sid }],
    workflows: { [callId]: { status: 'COMPLETED', result: record } },
    api: {
      [callId]: {
        callId,
        to,
        from,
        metadata: {},
        startedAt: record.startedAt,
        state: 'done',
        attempts: record.attempts,
        outcome: record,
        waitingFor: null,
        nextAttemptAt: null,
        paused: false,
        pauseReason: null,
        requestedBy: null,
        controls: [],
      },
    },
  };
}

function withAttempt(changes: Partial<Attempt>, ofCall: Partial<CallOutcome> = {}): Evidence {
  const one = { ...attempt, ...changes };
  return evidenceOf({ ...outcome, outcome: one.outcome ?? 'unknown', attempts: [one], ...ofCall });
}

function placed(evidence: Evidence) {
  const [call] = evidence.placed;
  if (!call) throw new Error('No call was placed.');
  return call;
}

const wrongsOf = (found: Violation[]) => [...new Set(found.map(({ wrong }) => wrong))].sort();

it('all sources agree: no violation', () => {
  expect(violationsOf(evidenceOf())).toEqual([]);
});

describe('lost', () => {
  const losses: Record<string, (evidence: Evidence) => void> = {
    'the row of the call is gone': (e) => e.calls.splice(0),
    'the call has no outcome': (e) =>
      Object.assign(e.calls[0] as CallRow, { state: 'ringing', document: null }),
    'a row of an attempt is gone': (e) => e.attempts.splice(0),
    'an attempt is missing in the middle': (e) => Object.assign(e.attempts[0] as AttemptRow, { number: 2 }),
    'the workflow still runs': (e) => {
      e.workflows[callId] = { status: 'RUNNING', result: null };
    },
    'the claim of a placement is still open': (e) => {
      e.placements = [{ call_id: callId, attempt: 1, placement: 1, result: null, call_sid: null }];
    },
    'the client was refused': (e) => Object.assign(placed(e), { callIds: [], refusal: '503 null' }),
  };
  it.each(Object.entries(losses))('%s: reported as lost', (_, damage) => {
    const evidence = evidenceOf();
    damage(evidence);
    expect(wrongsOf(violationsOf(evidence))).toContain('lost');
  });
});

describe('doubled', () => {
  const other = { ...twilioCall, sid: 'CA00000000000000000000000000000002' };
  const doubles: Record<string, () => Evidence> = {
    'one attempt made two Twilio calls': () => evidenceOf(outcome, [twilioCall, other]),
    'Twilio made a call for an attempt that is not recorded': () =>
      evidenceOf(outcome, [
        twilioCall,
        { ...other, statusCallback: twilioCall.statusCallback?.replace('/1#', '/2#') ?? null },
      ]),
    'Twilio made a call for a call that the client did not place': () =>
      evidenceOf(outcome, [
        twilioCall,
        { ...other, statusCallback: 'http://127.0.0.1:3000/twilio/status/call-2/1' },
      ]),
    'one key made two calls': () => {
      const evidence = evidenceOf();
      placed(evidence).callIds.push('call-2');
      return evidence;
    },
  };
  it.each(Object.entries(doubles))('%s: reported as doubled', (_, evidence) => {
    expect(wrongsOf(violationsOf(evidence()))).toEqual(['doubled']);
  });
});

describe('untrue', () => {
  const untruths: Record<string, Evidence> = {
    'another outcome than the status': withAttempt({ outcome: 'busy' }),
    'unknown, though Twilio knows': withAttempt({ outcome: 'unknown', status: 'ringing' }),
    'another status': withAttempt({ status: 'busy', outcome: 'busy' }),
    'another SID': withAttempt({ callSid: 'CA00000000000000000000000000000002' }),
    'another SIP code': withAttempt({ sipResponseCode: 503, outcome: 'failed' }),
    'the SIP code of the callback is gone': withAttempt({ sipResponseCode: null, outcome: 'failed' }),
    'a wrong duration': withAttempt({ durationSeconds: 7 }),
    'a wrong answerer': withAttempt({ answeredBy: 'human' }),
    'an error code that Twilio does not have': withAttempt({ errorCode: 13224 }),
    'canceled, though it was not': withAttempt({ status: 'canceled', outcome: 'canceled' }),
    'canceled without a cancel': evidenceOf({ ...outcome, outcome: 'canceled', decidedBy: 'cancel' }),
    'expired without a time to give up at': evidenceOf(
      { ...outcome, outcome: 'expired', decidedBy: 'policy', attempts: [], callSid: null },
      [],
    ),
    'invalid by Lookup, which says valid': evidenceOf(
      { ...outcome, outcome: 'invalid-number', decidedBy: 'lookup', attempts: [], callSid: null },
      [],
    ),
    'a call that Twilio does not have': evidenceOf(outcome, []),
    'rejected, though the number is not': evidenceOf(
      {
        ...outcome,
        outcome: 'rejected',
        callSid: null,
        attempts: [{ ...attempt, callSid: null, status: null, outcome: 'rejected', errorCode: 21215 }],
      },
      [],
    ),
    'an outcome that its last attempt does not have': evidenceOf({ ...outcome, outcome: 'answered' }),
  };
  it.each(Object.entries(untruths))('%s: reported as untrue', (_, evidence) => {
    expect(wrongsOf(violationsOf(evidence))).toContain('untrue');
  });

  it('decided by a poll without SIP code: failed is true', () => {
    const changes = { decidedBy: 'poll', sipResponseCode: null, outcome: 'failed' } as const;
    expect(violationsOf(withAttempt(changes))).toEqual([]);
  });

  it('workflow, API or columns differ from the row: three violations', () => {
    const evidence = evidenceOf();
    const answered = { ...outcome, outcome: 'answered' } as const;
    evidence.workflows[callId] = { status: 'COMPLETED', result: answered };
    evidence.api[callId] = null;
    Object.assign(evidence.calls[0] as CallRow, { outcome: 'busy' });
    expect(violationsOf(evidence).map(({ wrong }) => wrong)).toEqual(['untrue', 'untrue', 'untrue']);
  });
});

describe('let in', () => {
  const forged: Forged = {
    atMs: 0,
    kind: 'wrong-token',
    victim: 0,
    callId,
    attempt: 1,
    callSid: sid,
    status: 403,
  };
  it('forged callbacks are refused or get no answer: no violation', () => {
    const evidence = evidenceOf();
    evidence.forged = [forged, { ...forged, status: 0 }, { ...forged, kind: 'no-such-call', status: 404 }];
    expect(violationsOf(evidence)).toEqual([]);
  });

  it('a forged callback is accepted: a violation', () => {
    const evidence = evidenceOf();
    evidence.forged = [{ ...forged, status: 204 }];
    expect(wrongsOf(violationsOf(evidence))).toEqual(['let in']);
  });

  it('the content of a forged callback is in the record: a violation', () => {
    const evidence = withAttempt({ durationSeconds: 7777 });
    evidence.forged = [{ ...forged, kind: 'another-sid', callSid: 'CAf', status: 204 }];
    expect(wrongsOf(violationsOf(evidence))).toEqual(['let in', 'untrue']);
  });
});

describe('policy', () => {
  const policy = {
    maxAttempts: 2,
    retryOn: ['no-answer' as const],
    initialIntervalSeconds: 1,
    backoffCoefficient: 1,
    maximumIntervalSeconds: 1,
  };
  const second = { ...attempt, number: 2, callSid: 'CA00000000000000000000000000000002' };
  const twice = () =>
    evidenceOf({ ...outcome, callSid: second.callSid, attempts: [attempt, second] }, [
      twilioCall,
      {
        ...twilioCall,
        sid: second.callSid,
        statusCallback: `http://127.0.0.1:3000/twilio/status/${callId}/2`,
      },
    ]);

  it('two attempts that the policy allows: no violation', () => {
    const evidence = twice();
    placed(evidence).request.retry = policy;
    expect(violationsOf(evidence)).toEqual([]);
  });

  it('more attempts than the policy allows: a violation', () => {
    expect(wrongsOf(violationsOf(twice()))).toEqual(['policy']);
  });

  it('no retry although the policy demands one: a violation', () => {
    const evidence = evidenceOf();
    placed(evidence).request.retry = policy;
    expect(wrongsOf(violationsOf(evidence))).toEqual(['policy']);
  });

  it('no retry after a cancel: no violation', () => {
    const evidence = evidenceOf();
    Object.assign(placed(evidence), { cancels: [202] });
    placed(evidence).request.retry = policy;
    expect(violationsOf(evidence)).toEqual([]);
  });
});

it('a process ended by itself: a violation', () => {
  const evidence = evidenceOf();
  evidence.badEnds = [{ name: 'api', how: 'ended by itself: status 1, signal null' }];
  expect(wrongsOf(violationsOf(evidence))).toEqual(['bad end']);
});
