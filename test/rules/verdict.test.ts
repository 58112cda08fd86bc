import { describe, expect, it } from 'vitest';
import { newAttempt } from '../../workflows/call/attempt.js';
import type { Forbidden } from '../../workflows/callActivities.js';
import type { Attempt, CallUpdate, LookupEvidence, Reachability } from '../../workflows/callOutcome.js';
import type { Outcome } from '../../workflows/callRequest.js';
import { accountFault, classifyRefusal, type RefusalClass } from '../../workflows/rules/twilioRefusal.js';
import {
  answeredByOf,
  unknownVerdict,
  verdictOfAttempt,
  verdictOfForbidden,
  verdictOfLookup,
} from '../../workflows/rules/verdict.js';
import { forbiddenMessage } from '../../workflows/rules/wording.js';

const callSid = 'CA00000000000000000000000000000001';

interface Evidence {
  status?: string;
  sip?: number | null;
  /** Error code in Twilio's notifications; and in the callback. */
  code?: number | null;
  callbackCode?: number | null;
  rang?: boolean;
  createCode?: number | null;
  httpStatus?: number;
}

function attemptWith({
  status,
  sip = null,
  code = null,
  callbackCode = null,
  rang = false,
  createCode,
  httpStatus = 400,
}: Evidence): Attempt {
  const update: CallUpdate = {
    source: 'webhook',
    callSid,
    status: status ?? '',
    sequence: null,
    at: null,
    sipResponseCode: sip,
    errorCode: callbackCode,
    durationSeconds: null,
    answeredBy: null,
    rang,
  };
  return {
    ...newAttempt(1),
    callSid,
    status: status ?? null,
    errorCode: code,
    evidence: {
      create:
        createCode === undefined
          ? null
          : { sidFrom: null, error: { code: createCode, httpStatus, message: 'no' }, unclear: null },
      updates: status === undefined ? [] : [update],
      disagreed: false,
    },
  };
}

type Row = [Evidence, Outcome, Reachability, reason: string | null, retryable: boolean];

describe("Twilio's final status and SIP code → outcome, reachability, reason, may be dialed again", () => {
  it.each<Row>([
    // completed: a line was answered, by a voicemail too
    [{ status: 'completed', rang: true }, 'answered', 'reachable', null, false],
    [{ status: 'completed', sip: 200 }, 'answered', 'reachable', null, false],
    // busy
    [{ status: 'busy' }, 'busy', 'reachable', null, true],
    [{ status: 'busy', sip: 486 }, 'busy', 'reachable', 'sip 486', true],
    [{ status: 'busy', sip: 487 }, 'busy', 'reachable', 'sip 487', true],
    [{ status: 'busy', sip: 600 }, 'busy', 'reachable', 'sip 600', true],
    [{ status: 'busy', sip: 603 }, 'busy', 'reachable', 'sip 603', true],
    // no answer: it is reachable only if it is known to have rung
    [{ status: 'no-answer', sip: 487, rang: true }, 'no-answer', 'reachable', 'sip 487', true],
    [{ status: 'no-answer', sip: 487 }, 'no-answer', 'undetermined', 'sip 487', true],
    [{ status: 'no-answer' }, 'no-answer', 'undetermined', null, true],
    [{ status: 'no-answer', sip: 404 }, 'no-answer', 'unreachable', 'sip 404', true],
    [{ status: 'no-answer', sip: 404, rang: true }, 'no-answer', 'unreachable', 'sip 404', true],
    [{ status: 'no-answer', sip: 410, rang: true }, 'no-answer', 'unreachable', 'sip 410', true],
    [
      { status: 'no-answer', callbackCode: 13224, rang: true },
      'no-answer',
      'unreachable',
      'twilio 13224',
      true,
    ],
    [{ status: 'busy', callbackCode: 13224 }, 'busy', 'unreachable', 'twilio 13224', true],
    [{ status: 'no-answer', sip: 480, rang: true }, 'no-answer', 'reachable', 'sip 480', true],
    [{ status: 'no-answer', sip: 480 }, 'no-answer', 'unreachable', 'sip 480', true],
    [{ status: 'failed', sip: 404, rang: true }, 'failed', 'unreachable', 'sip 404', true],
    [{ status: 'no-answer', sip: 408 }, 'no-answer', 'undetermined', 'sip 408', true],
    [{ status: 'no-answer', sip: 603, rang: true }, 'no-answer', 'reachable', 'sip 603', true],
    // failed, refined by the SIP code
    [{ status: 'failed' }, 'failed', 'undetermined', null, true],
    [{ status: 'failed', sip: 400 }, 'failed', 'undetermined', 'sip 400', true],
    [{ status: 'failed', sip: 403 }, 'failed', 'undetermined', 'sip 403', true],
    [{ status: 'failed', sip: 404 }, 'failed', 'unreachable', 'sip 404', true],
    [{ status: 'failed', sip: 408 }, 'failed', 'undetermined', 'sip 408', true],
    [{ status: 'failed', sip: 410 }, 'failed', 'unreachable', 'sip 410', true],
    [{ status: 'failed', sip: 480 }, 'no-answer', 'unreachable', 'sip 480', true],
    [{ status: 'failed', sip: 480, rang: true }, 'no-answer', 'reachable', 'sip 480', true],
    [{ status: 'failed', sip: 484 }, 'failed', 'unreachable', 'sip 484', true],
    [{ status: 'failed', sip: 488 }, 'failed', 'undetermined', 'sip 488', true],
    [{ status: 'failed', sip: 500 }, 'failed', 'undetermined', 'sip 500', true],
    [{ status: 'failed', sip: 502 }, 'failed', 'undetermined', 'sip 502', true],
    [{ status: 'failed', sip: 503 }, 'failed', 'undetermined', 'sip 503', true],
    [{ status: 'failed', sip: 504 }, 'failed', 'undetermined', 'sip 504', true],
    [{ status: 'failed', sip: 603 }, 'failed', 'undetermined', 'sip 603', true],
    [{ status: 'failed', sip: 604 }, 'failed', 'unreachable', 'sip 604', true],
    [{ status: 'failed', sip: 606 }, 'failed', 'undetermined', 'sip 606', true],
    [{ status: 'failed', sip: 607 }, 'failed', 'undetermined', 'sip 607', false],
    [{ status: 'failed', sip: 608 }, 'failed', 'undetermined', 'sip 608', true],
    [{ status: 'failed', sip: 699 }, 'failed', 'undetermined', 'sip 699', true],
    // failed, with the code that Twilio noted
    [{ status: 'failed', code: 13224 }, 'failed', 'unreachable', 'twilio 13224', true],
    [{ status: 'failed', code: 32016 }, 'failed', 'undetermined', 'twilio 32016', true],
    [{ status: 'failed', code: 32017, sip: 603 }, 'failed', 'undetermined', 'twilio 32017', true],
    [{ status: 'failed', code: 10004 }, 'failed', 'undetermined', 'twilio 10004', true],
    [{ status: 'failed', code: 32016, sip: 404 }, 'failed', 'unreachable', 'twilio 32016', true],
    // canceled
    [{ status: 'canceled' }, 'canceled', 'undetermined', 'twilio canceled', false],
    [{ status: 'canceled', sip: 487 }, 'canceled', 'undetermined', 'sip 487', false],
    // the create was refused
    [{ createCode: 21211 }, 'invalid-number', 'invalid', 'twilio 21211', false],
    [{ createCode: 21217 }, 'invalid-number', 'invalid', 'twilio 21217', false],
    [{ createCode: 21265 }, 'invalid-number', 'invalid', 'twilio 21265', false],
    [{ createCode: 13226 }, 'invalid-number', 'invalid', 'twilio 13226', false],
    [{ createCode: 21214 }, 'rejected', 'unreachable', 'twilio 21214', true],
    [{ createCode: 13224 }, 'rejected', 'unreachable', 'twilio 13224', false],
    [{ createCode: 21215 }, 'rejected', 'undetermined', 'twilio 21215', false],
    [{ createCode: 21216 }, 'rejected', 'undetermined', 'twilio 21216', false],
    [{ createCode: 21212 }, 'rejected', 'undetermined', 'twilio 21212', false],
  ])('%j: %s, %s, %s, %s', (evidence, outcome, reachability, reason, retryable) => {
    const verdict = verdictOfAttempt(attemptWith(evidence));
    expect(verdict).toMatchObject({ outcome, reachability, retryable });
    expect(verdict?.reason && `${verdict.reason.source} ${verdict.reason.code}`).toBe(reason);
    if (verdict?.reason) expect(verdict.reason.message).not.toBe('');
  });

  it.each([
    [{}],
    [{ status: 'ringing' }],
    [{ status: 'in-progress' }],
    [{ status: 'teleporting' }],
    [{ status: '' }],
  ])('%j: decides nothing', (evidence) =>
    expect(verdictOfAttempt(attemptWith(evidence))).toEqual(unknownVerdict),
  );

  it('Twilio had a call after all: its status counts, not the error of the create request', () => {
    expect(verdictOfAttempt(attemptWith({ createCode: 21215, status: 'completed' }))?.outcome).toBe(
      'answered',
    );
  });
});

describe('a refused create request → about whom it speaks', () => {
  it.each<[RefusalClass, number[]]>([
    ['invalid-number', [13226, 21211, 21217, 21265]],
    [
      'account-trouble',
      [
        10001, 10002, 10004, 10005, 20003, 20005, 20006, 20008, 20010, 20101, 20107, 20151, 20403, 20404, 403,
        45003, 70051, 99999,
      ],
    ],
    ['not-processed', [20409, 20429]],
    [
      'rejected',
      [
        11100, 13223, 13224, 13225, 13227, 13247, 13248, 20422, 21200, 21201, 21202, 21203, 21205, 21206,
        21207, 21208, 21209, 21210, 21212, 21213, 21214, 21215, 21216, 21218, 21219, 21221, 21222, 21223,
        21224, 21225, 21226, 21234, 21264, 21266, 21268, 21300, 21609, 21626, 32018,
      ],
    ],
  ])('%s: %j', (verdict, codes) => {
    for (const code of codes)
      expect([code, classifyRefusal({ code, httpStatus: 400, message: '' })]).toEqual([code, verdict]);
  });

  it.each<[number | null, number, RefusalClass]>([
    [14107, 429, 'not-processed'],
    [10429, 429, 'not-processed'],
    [null, 429, 'not-processed'],
    [70051, 401, 'account-trouble'],
    [70051, 403, 'account-trouble'],
    [99999, 400, 'account-trouble'],
    [null, 400, 'account-trouble'],
    [21215, 401, 'rejected'],
    [21211, 429, 'invalid-number'],
  ])('code %s with HTTP %i: %s', (code, httpStatus, refusal) => {
    expect(classifyRefusal({ code, httpStatus, message: '' })).toBe(refusal);
  });

  it.each([21210, 21215, 21219, 21609, 20003, 70051])('%i: the same for every call, with a fix', (code) => {
    expect(accountFault(code)).toEqual({
      meaning: expect.any(String),
      fix: expect.any(String),
      ofCountry: code === 21215,
    });
  });

  it.each([21211, 21214, 21202, 99999, null])('%s: not the same for every call', (code) => {
    expect(accountFault(code)).toBeNull();
  });
});

describe('Lookup → may the number be dialed?', () => {
  const lookupEvidence = (over: Partial<LookupEvidence>): LookupEvidence => ({
    answered: true,
    valid: true,
    validationErrors: [],
    lineType: null,
    lineStatus: null,
    errors: [],
    ...over,
  });

  it.each<[string, Partial<LookupEvidence>, string]>([
    ['valid: false', { valid: false }, 'invalid'],
    ['too short', { valid: false, validationErrors: ['TOO_SHORT'] }, 'TOO_SHORT'],
    [
      'range not assigned',
      { valid: false, validationErrors: ['INVALID_BUT_POSSIBLE'] },
      'INVALID_BUT_POSSIBLE',
    ],
    ['inactive, although valid', { lineStatus: 'inactive' }, 'inactive'],
  ])('%s: not dialed, the number is invalid', (_, lookup, code) => {
    expect(verdictOfLookup(lookupEvidence(lookup), 'lineStatus')).toMatchObject({
      outcome: 'invalid-number',
      reachability: 'invalid',
      reason: { source: 'lookup', code },
      retryable: false,
    });
  });

  it.each<[string, Partial<LookupEvidence>]>([
    ['valid', {}],
    ['down', { answered: false, valid: null }],
    ['refusing', { answered: false, valid: null, errors: [{ package: 'lookup', code: 20003, message: '' }] }],
    ['a package failed', { errors: [{ package: 'line_status', code: 60612, message: '' }] }],
    ['active', { lineStatus: 'active' }],
    ['reachable', { lineStatus: 'reachable' }],
    ['unreachable just now', { lineStatus: 'unreachable' }],
    ['line status unknown', { lineStatus: 'unknown' }],
    ['a landline', { lineType: 'landline' }],
    ['premium', { lineType: 'premium' }],
  ])('%s: the call goes on', (_, lookup) =>
    expect(verdictOfLookup(lookupEvidence(lookup), 'lineStatus')).toBeNull(),
  );

  it.each(['basic', 'lineType'] as const)(
    'inactive, although only %s was asked: the call goes on',
    (requested) => {
      expect(verdictOfLookup(lookupEvidence({ lineStatus: 'inactive' }), requested)).toBeNull();
    },
  );
});

it.each([
  [null, null],
  ['human', 'human'],
  ['machine_start', 'machine'],
  ['machine_end_beep', 'machine'],
  ['machine_end_silence', 'machine'],
  ['machine_end_other', 'machine'],
  ['fax', 'fax'],
  ['unknown', 'unknown'],
  ['robot', 'unknown'],
])('machine detection says %s: answered by %s', (value, answeredBy) =>
  expect(answeredByOf(value)).toBe(answeredBy),
);

describe('what forbids to dial → outcome, reachability, reason; never dialed again', () => {
  it.each<[Forbidden, Outcome, Reachability, { code: string; source: string }]>([
    [
      { by: 'do-not-call', source: 'api', reason: 'no' },
      'canceled',
      'undetermined',
      { code: 'do-not-call', source: 'policy' },
    ],
    [
      { by: 'not-eligible', reason: 'no' },
      'canceled',
      'undetermined',
      { code: 'not-eligible', source: 'policy' },
    ],
    [
      { by: 'destination', kind: 'elsewhere', country: null },
      'canceled',
      'undetermined',
      { code: 'destination', source: 'policy' },
    ],
    [
      {
        by: 'known-invalid',
        source: 'lookup',
        code: 'TOO_SHORT',
        message: 'no',
        callId: 'c-1',
        seenAt: '2026-01-02T03:04:05Z',
      },
      'invalid-number',
      'invalid',
      { code: 'TOO_SHORT', source: 'lookup' },
    ],
    [
      {
        by: 'known-invalid',
        source: 'twilio',
        code: '21211',
        message: 'no',
        callId: 'c-1',
        seenAt: '2026-01-02T03:04:05Z',
      },
      'invalid-number',
      'invalid',
      { code: '21211', source: 'twilio' },
    ],
  ])('%j → %s, %s, %j', (forbidden, outcome, reachability, reason) => {
    expect(verdictOfForbidden(forbidden)).toMatchObject({
      outcome,
      reachability,
      reason: { ...reason, message: forbiddenMessage(forbidden) },
      retryable: false,
    });
  });
});
