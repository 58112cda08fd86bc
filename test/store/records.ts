import { randomUUID } from 'node:crypto';
import type { DialLimits } from '../../activities/dialGate.js';
import type { ClaimOrder, DialKey } from '../../activities/outcomeStore.js';
import type { Attempt, CallOutcome } from '../../workflows/callOutcome.js';
import type { CallUpdate } from '../../workflows/callUpdate.js';

/** Records to store, complete but for what a test is about. */
export function newCallId(): string {
  return `call-${randomUUID()}`;
}

let lines = 0;

/** A claim between two numbers that no other test uses, without limits. */
export function newClaim(differing: Partial<ClaimOrder> = {}): DialKey & ClaimOrder {
  return {
    callId: newCallId(),
    attempt: 1,
    round: 1,
    accountSid: 'AC1',
    to: `+1500${String(++lines).padStart(7, '0')}`,
    from: '+15005550100',
    abandonedAfterSeconds: 3600,
    limits: noLimits,
    parallel: false,
    rememberInvalidSeconds: 0,
    lookupSaysValid: false,
    slotWithinSeconds: 3600,
    ...differing,
  };
}

export const noLimits: DialLimits = {
  callsPerSecond: 100_000,
  callsInFlight: null,
  callsPerNumber: null,
  contactsPerNumber: null,
};

export function newSid(): string {
  return `CA${randomUUID().replaceAll('-', '')}`;
}

export function opened(callId: string) {
  return {
    callId,
    to: '+15005550006',
    from: '+15005550100',
    metadata: { customer: '42' },
    startedAt: '2026-01-02T03:04:05.000Z',
  };
}

export function attempt(differing: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    callSid: 'CA00000000000000000000000000000001',
    status: 'queued',
    outcome: null,
    decidedBy: null,
    errorCode: null,
    sipResponseCode: null,
    placedAt: '2026-01-02T03:04:06.000Z',
    answeredAt: null,
    endedAt: null,
    durationSeconds: null,
    answeredBy: null,
    reason: null,
    evidence: {
      create: { sidFrom: 'created', error: null, unclear: null },
      updates: [],
      disagreed: false,
    },
    ...differing,
  };
}

export function busyAttempt(number = 1): Attempt {
  return attempt({
    number,
    callSid: `CA0000000000000000000000000000000${number}`,
    status: 'busy',
    outcome: 'busy',
    decidedBy: 'webhook',
    sipResponseCode: 486,
    endedAt: '2026-01-02T03:04:20.000Z',
  });
}

export function outcome(callId: string, differing: Partial<CallOutcome> = {}): CallOutcome {
  return {
    callId,
    to: '+15005550006',
    from: '+15005550100',
    metadata: { customer: '42' },
    outcome: 'busy',
    answeredBy: null,
    reachability: 'reachable',
    reason: { code: '486', source: 'sip', message: 'Busy Here' },
    decidedBy: 'webhook',
    callSid: 'CA00000000000000000000000000000001',
    errorCode: null,
    sipResponseCode: 486,
    durationSeconds: null,
    attempts: [busyAttempt()],
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:04:21.000Z',
    lookup: null,
    ...differing,
  };
}

export function update(status: string, differing: Partial<CallUpdate> = {}): CallUpdate {
  return {
    source: 'webhook',
    callSid: 'CA00000000000000000000000000000001',
    status,
    sequence: null,
    at: '2026-01-02T03:04:10.000Z',
    sipResponseCode: null,
    errorCode: null,
    durationSeconds: null,
    answeredBy: null,
    rang: status !== 'queued',
    ...differing,
  };
}
