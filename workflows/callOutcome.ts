import type { Outcome } from './callRequest.js';

/** Where the final status of an attempt or a call came from. */
export const deciders = ['webhook', 'poll', 'lookup', 'create', 'cancel', 'policy'] as const;
export type DecidedBy = (typeof deciders)[number];

/** What the evidence says of the *number*, whatever became of the call. */
export const reachabilities = ['reachable', 'unreachable', 'invalid', 'undetermined'] as const;
export type Reachability = (typeof reachabilities)[number];

/** Who or what picked up, when machine detection ran. */
export const answerers = ['human', 'machine', 'fax', 'unknown'] as const;
export type AnsweredBy = (typeof answerers)[number];

/** The error that decided, as its source words it. */
export interface Reason {
  code: string;
  source: 'twilio' | 'sip' | 'lookup' | 'policy';
  message: string;
}

/**
 * Why a call had no further attempt. Codes: `answered`, `max-attempts`, `not-in-policy`, `never-retried`, `do-not-call`,
 * `not-eligible`, `destination`, `known-invalid`, `give-up-at`, `window-never-opens`, `canceled`, `already-recorded`.
 */
export interface EndedBecause {
  code: string;
  /** A sentence for people. */
  message: string;
}

/** What happened to a call, for people. */
export interface TimelineEntry {
  /** When the call learned of it, ISO 8601 UTC. */
  at: string;
  text: string;
}

export const callControlNames = ['cancel', 'retry', 'pause', 'resume', 'reschedule'] as const;
export type CallControlName = (typeof callControlNames)[number];

/** One use of a control of a call. */
export interface ControlUse<Name extends string = CallControlName> {
  /** When it took effect, ISO 8601 UTC. */
  at: string;
  control: Name;
  /** The name of the client's token; null when the API has no tokens, or another Temporal client did it. */
  by: string | null;
}

/** One try to reach the number: at most one Twilio call, one SID. Times are ISO 8601 UTC. */
export interface Attempt {
  /** From 1. */
  number: number;
  callSid: string | null;
  /** Twilio's last status of the call, as Twilio writes it; null when there was no Twilio call. */
  status: string | null;
  /** Null while the attempt is under way. */
  outcome: Outcome | null;
  decidedBy: DecidedBy | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  placedAt: string | null;
  answeredAt: string | null;
  endedAt: string | null;
  durationSeconds: number | null;
  answeredBy: AnsweredBy | null;
  reason: Reason | null;
  evidence: AttemptEvidence;
}

/** Every update about one attempt, and whether the sources agree. */
export interface AttemptEvidence {
  /** What became of the create: how the SID was learned, or why there is none. */
  create: CreateEvidence | null;
  /** Every different update about the Twilio call, in the order of arrival. */
  updates: CallUpdate[];
  /** True when two sources gave different final statuses. */
  disagreed: boolean;
  /** What Twilio noted about an answered call, such as a TwiML document it could not use; left out when nothing. */
  notifications?: TwilioNotification[] | undefined;
}

/** An entry of Twilio's debugger about one call. Source: Twilio error dictionary. */
export interface TwilioNotification {
  code: number;
  message: string;
}

/** What one status callback or one poll said about an attempt's Twilio call. */
export interface CallUpdate {
  source: 'webhook' | 'poll';
  callSid: string;
  /** Twilio's word, as it came. */
  status: string;
  /** Twilio's `SequenceNumber`; polls have none. */
  sequence: number | null;
  /** When it happened, ISO 8601, by Twilio's clock; null when Twilio did not say. */
  at: string | null;
  sipResponseCode: number | null;
  errorCode: number | null;
  durationSeconds: number | null;
  /** Twilio's word: human, machine_start, machine_end_beep …; null without machine detection. */
  answeredBy: string | null;
  /** True when the far end is known to have rung. */
  rang: boolean;
  /** When the callback came, ISO 8601, by our clock. Absent of a poll, and in runs that began before it was kept. */
  receivedAt?: string;
}

export interface CreateEvidence {
  /** `created`: Twilio answered with the SID. `callback`, `list`, `journal`: its answer was lost, and the SID was learned there. */
  sidFrom: 'created' | 'callback' | 'list' | 'journal' | null;
  /** Twilio's refusal. */
  error: TwilioError | null;
  /** Why it was unclear for a while whether the call existed; null when it never was. */
  unclear: string | null;
}

/** An error body of Twilio's REST API. */
export interface TwilioError {
  /** Twilio's error code; null when the answer carried none. */
  code: number | null;
  httpStatus: number;
  message: string;
}

/** What Lookup v2 said, or why it could not say. */
export interface LookupEvidence {
  /** False when Lookup gave no answer: off, down, refusing. */
  answered: boolean;
  valid: boolean | null;
  validationErrors: string[];
  lineType: string | null;
  lineStatus: string | null;
  /** The number as Lookup spells it, if that is another spelling than the one it was asked about. */
  phoneNumber?: string;
  /** Errors of the whole answer or of a package inside a 200. */
  errors: { package: string; code: number | null; message: string }[];
}

/** How a call turned out: the result of `outboundCall`, and what is recorded. */
export interface CallOutcome {
  callId: string;
  to: string;
  /** The number as it was requested, if Lookup spells it otherwise. */
  requestedTo?: string;
  from: string;
  /** The name of the further Twilio account that placed the call; left out when it is the main account. */
  account?: string;
  metadata: Record<string, string>;
  outcome: Outcome;
  answeredBy: AnsweredBy | null;
  reachability: Reachability;
  reason: Reason | null;
  decidedBy: DecidedBy;
  callSid: string | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  durationSeconds: number | null;
  attempts: Attempt[];
  endedBecause: EndedBecause;
  /** The name of the token of the client that requested the call; null when the API has no tokens. */
  requestedBy: string | null;
  /** Who controlled the call, in order. At most 60 entries. */
  controls: ControlUse[];
  /** What happened, in order: waits, placements, callbacks, requests to cancel. At most 60 entries. */
  timeline: TimelineEntry[];
  /** What Lookup said before the first attempt; null when it was not asked. */
  lookup: LookupEvidence | null;
  startedAt: string;
  endedAt: string;
}

export const callStates = [
  'looking-up',
  'waiting',
  'placing',
  'queued',
  'ringing',
  'in-progress',
  'waiting-to-retry',
  'recording',
  'done',
] as const;
export type CallStateName = (typeof callStates)[number];

/** Where a call stands: the answer of the query `state` and of `GET /calls/{callId}`. */
export interface CallState {
  callId: string;
  /** Null until the request is accepted, as is `from`. */
  to: string | null;
  from: string | null;
  /** As in the outcome. */
  account?: string;
  metadata: Record<string, string>;
  startedAt: string;
  state: CallStateName;
  attempts: Attempt[];
  outcome: CallOutcome | null;
  /** What the call waits for and why, in plain words; null when it waits for nothing. */
  waitingFor: string | null;
  /** When the next attempt is due, ISO 8601; null when none is planned. */
  nextAttemptAt: string | null;
  /** No attempt begins until somebody resumes the call, however long it is due. */
  paused: boolean;
  /** Why somebody paused it; null when it is not paused, or no reason was given. */
  pauseReason: string | null;
  /** As in the outcome. */
  requestedBy: string | null;
  controls: ControlUse[];
}
