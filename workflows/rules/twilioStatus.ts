import type { CallStateName } from '../callOutcome.js';

/**
 * Twilio's statuses in the order of a call's life. `initiated` comes in callbacks only.
 * Source: Twilio OpenAPI `api.v2010.account.call`, and the guide to outbound call status callbacks.
 */
const lifeCycle = {
  queued: { order: 0, terminal: false, state: 'queued' },
  initiated: { order: 1, terminal: false, state: 'queued' },
  ringing: { order: 2, terminal: false, state: 'ringing' },
  'in-progress': { order: 3, terminal: false, state: 'in-progress' },
  completed: { order: 9, terminal: true, state: null },
  busy: { order: 8, terminal: true, state: null },
  'no-answer': { order: 7, terminal: true, state: null },
  failed: { order: 6, terminal: true, state: null },
  canceled: { order: 5, terminal: true, state: null },
} as const satisfies Record<string, { order: number; terminal: boolean; state: CallStateName | null }>;

export type TerminalStatus = 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled';

function known(status: string) {
  return Object.hasOwn(lifeCycle, status) ? lifeCycle[status as keyof typeof lifeCycle] : null;
}

/** Will Twilio never change this status again? A status that Twilio has not used so far is not terminal. */
export function isTerminal(status: string): status is TerminalStatus {
  return known(status)?.terminal ?? false;
}

/** The state of a call whose Twilio call has this status; null for a terminal or unknown one. */
export function stateOf(status: string): CallStateName | null {
  return known(status)?.state ?? null;
}

/**
 * Where the progress of a call goes, `ringing` and `in-progress`: with `signal` to the call itself, with `store` only to the
 * store, from where it reaches the call with its final status. `store` saves a signal and a search attribute for
 * each callback; then Temporal's UI shows `queued` until the call is over.
 */
export const progressModes = ['signal', 'store'] as const;
export type ProgressMode = (typeof progressModes)[number];

/**
 * Must the workflow be signaled about this status, once it knows its Twilio call? Always for final and unknown ones.
 * `initiated` tells nothing that the create did not.
 */
export function mustSignal(status: string, mode: ProgressMode): boolean {
  return mode === 'signal' ? status !== 'initiated' : stateOf(status) === null;
}

/** Position in a call's life. An unknown status comes before all others: it never hides a known one. */
export function orderOf(status: string): number {
  return known(status)?.order ?? -1;
}

/** Calls over the account's rate wait in Twilio's queue, at most this long. Source: Twilio help, "queued calls". */
export const maxQueueSeconds = 24 * 3600;
