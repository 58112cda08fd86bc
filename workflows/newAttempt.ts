import type { Attempt } from './callOutcome.js';

/** An attempt of which nothing is known yet. `number` counts from 1. */
export function newAttempt(number: number): Attempt {
  return {
    number,
    callSid: null,
    status: null,
    outcome: null,
    decidedBy: null,
    errorCode: null,
    sipResponseCode: null,
    placedAt: null,
    answeredAt: null,
    endedAt: null,
    durationSeconds: null,
    answeredBy: null,
    reason: null,
    evidence: { create: null, updates: [], disagreed: false },
  };
}
