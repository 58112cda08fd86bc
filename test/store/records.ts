import { randomUUID } from 'node:crypto';
import type { DialLimits } from '../../activities/store/placements/dialLimits.js';
import type { ClaimRequest, PlacementKey } from '../../activities/store/placements/placementJournal.js';
import type { Attempt, CallOutcome, CallUpdate } from '../../workflows/callOutcome.js';

/** Records to store, complete except what a test is about. */
export function newCallId(): string {
  return `call-${randomUUID()}`;
}

let numbersUsed = 0;

/** A claim between two numbers that no other test uses, without limits. */
export function newClaim(overrides: Partial<ClaimRequest> = {}): PlacementKey & ClaimRequest {
  return {
    callId: newCallId(),
    attempt: 1,
    placement: 1,
    accountSid: 'AC1',
    to: `+1500${String(++numbersUsed).padStart(7, '0')}`,
    from: '+15005550100',
    abandonedAfterSeconds: 3600,
    limits: noLimits,
    parallel: false,
    rememberInvalidSeconds: 0,
    lookupSaysValid: false,
    sendWithinSeconds: 3600,
    ...overrides,
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

export function attempt(overrides: Partial<Attempt> = {}): Attempt {
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
    ...overrides,
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

export function outcome(callId: string, overrides: Partial<CallOutcome> = {}): CallOutcome {
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
    endedBecause: { code: 'max-attempts', message: 'Attempt 1 of 1 was the last' },
    requestedBy: null,
    controls: [],
    timeline: [],
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:04:21.000Z',
    lookup: null,
    ...overrides,
  };
}

export function update(status: string, overrides: Partial<CallUpdate> = {}): CallUpdate {
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
    ...overrides,
  };
}
