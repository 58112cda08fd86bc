/**
 * What a client asks for: one request to reach one destination.
 *
 * The argument of the workflow `outboundCall` and the body of `POST /calls`; plain JSON, so that any
 * Temporal SDK can start a call.
 */
export interface CallRequest {
  /** Destination, E.164. */
  to: string;
  /** Caller id, E.164; without it `TWILIO_FROM`. */
  from?: string;
  /** A name from `RINGTRUE_ACCOUNTS`: the Twilio account that places the call; the main account when absent. */
  account?: string;
  /** What the callee hears: exactly one of `twiml`, `url` and `applicationSid`. TwiML: at most 4000 characters. */
  twiml?: string;
  /** Absolute http(s) URL that answers with TwiML, fetched by Twilio when the call is answered. */
  url?: string;
  /** `AP…`. Twilio then ignores status callbacks, so such a call is decided by polling. */
  applicationSid?: string;
  /** Twilio's `Timeout`, 5..600; 30 when absent. */
  ringTimeoutSeconds?: number;
  /** Twilio's `TimeLimit`, 1..86400; 3600 when absent. */
  maxDurationSeconds?: number;
  machineDetection?: MachineDetection;
  lookup?: LookupMode;
  /** Name of a configured policy, or a policy; the policy named `default` when absent. */
  retry?: string | RetryPolicyRequest;
  callingWindow?: CallingWindow;
  /** The phone may ring at any hour of any day: no calling window counts, neither this one nor the operator's. */
  urgent?: boolean;
  /** RFC 3339: no attempt begins earlier. */
  notBefore?: string;
  /** RFC 3339: no attempt begins later. */
  giveUpAt?: string;
  /** 1..5: calls of a lower number are dialed first; 3 when absent. */
  priority?: number;
  /** Whose call it is, 1..64 printable ASCII characters: waiting calls of different keys alternate. */
  fairnessKey?: string;
  /** May ring although another call to the number is in flight. */
  allowParallel?: boolean;
  /** http(s) URL to which the end of each attempt and the outcome are posted, signed. */
  notifyUrl?: string;
  /** Which of these are posted to `notifyUrl`; all of them when absent. */
  notifyOn?: NotifyEvent[];
  /** http(s) URL that is asked, signed, just before each dialing whether the number may be called. */
  eligibilityUrl?: string;
  /** The client's own strings, at most 4 KiB as JSON; returned everywhere. */
  metadata?: Record<string, string>;
  /** Further parameters of Twilio's create, by Twilio's names: `SendDigits`, `Record`. */
  twilio?: TwilioParameters;
}

/** A Twilio account of `RINGTRUE_ACCOUNTS`. The SID says which one it is; the name is for people. */
export interface CallAccount {
  name: string;
  sid: string;
}

/** Parameters of Twilio's create as Twilio's API description has them. */
export type TwilioParameters = Record<string, string | number | boolean | string[]>;

export const notifyEvents = ['call.ended', 'attempt.ended'] as const;
/** What can be posted to a client's `notifyUrl`. */
export type NotifyEvent = (typeof notifyEvents)[number];

export const machineDetections = ['off', 'enable', 'detectMessageEnd'] as const;
export type MachineDetection = (typeof machineDetections)[number];

export const lookupModes = ['off', 'basic', 'lineType', 'lineStatus'] as const;
/** What to ask of Lookup v2 before dialing. */
export type LookupMode = (typeof lookupModes)[number];

/**
 * Local time in which the phone may ring: either one range a day, `start` and `end` (and `days`), or `ranges`.
 * What is outside all ranges, or on a blocked date, is shut.
 */
export interface CallingWindow extends Partial<CallingRange> {
  /** IANA name; derived from the number when absent. */
  timeZone?: string;
  /** In place of `start`, `end` and `days`; they may overlap. */
  ranges?: CallingRange[];
  /** `YYYY-MM-DD`: on these local dates, whichever range a moment is in, the phone does not ring. */
  blockedDates?: string[];
}

/** Hours of some days of the week. */
export interface CallingRange {
  /** `HH:MM`, inclusive. */
  start: string;
  /** `HH:MM`, exclusive; earlier than `start` means past midnight, `24:00` is the end of the day. */
  end: string;
  /** 1 = Monday … 7 = Sunday; every day when absent. */
  days?: number[];
}

/** How a call, or one attempt of it, turned out. */
export const outcomes = [
  'answered',
  'busy',
  'no-answer',
  'failed',
  'canceled',
  'invalid-number',
  'rejected',
  'expired',
  'unknown',
] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * How a retry policy names the result of an attempt: its outcome, or a finer class. `answered-by-machine`: a machine or
 * a fax picked up. `unreachable`: the evidence says so of the number. `sip:` and a SIP response code, `error:` and one of
 * Twilio's error codes: the deciding one.
 */
export type RetryClass =
  | Outcome
  | 'answered-by-machine'
  | 'unreachable'
  | `sip:${number}`
  | `error:${number}`;

/** Waits that grow from attempt to attempt, up to a ceiling. */
export interface BackOff {
  initialIntervalSeconds: number;
  /** 1 or more: 1 means a fixed interval. */
  backoffCoefficient: number;
  maximumIntervalSeconds: number;
}

/** When the number is dialed again. Not Temporal's retry policy of an activity. */
export interface RetryPolicy extends BackOff {
  /** 1 or more; counts the first attempt. */
  maxAttempts: number;
  /** Classes after which the number is dialed again; `unknown` only when named. */
  retryOn: RetryClass[];
  /** Classes after which it never is, whatever `retryOn` names. */
  neverOn: RetryClass[];
  /** Per class: the waits before the 2nd, 3rd … attempt; the last one repeats. Takes precedence over any back-off. */
  intervals: Partial<Record<RetryClass, number[]>>;
  /** Per class: its own back-off instead of the policy's. */
  backoff: Partial<Record<RetryClass, BackOff>>;
  /** 0..1: how far a wait may be drawn from what it would be, as a part of it. */
  jitter: number;
  /** Counted from the call's start, or from `notBefore` if later: no attempt begins after it. Null: no limit. */
  giveUpAfterSeconds: number | null;
}

/** A retry policy as a request may write it: everything but `maxAttempts` has a default. */
export type RetryPolicyRequest = Pick<RetryPolicy, 'maxAttempts'> &
  Partial<Omit<RetryPolicy, 'backoff'>> & { backoff?: Partial<Record<RetryClass, BackOffRequest>> };

export type BackOffRequest = Pick<BackOff, 'initialIntervalSeconds'> & Partial<BackOff>;

/**
 * A request as it was accepted: every default filled in, the retry policy looked up and frozen, and the
 * settings of the worker that accepted it. What happens to a running call depends on nothing else.
 */
export interface CallPlan {
  to: string;
  /** The number as it was requested, if Lookup spells it otherwise. */
  requestedTo?: string;
  /** What search attributes hold instead of the number. Absent: the number. */
  hiddenTo?: string;
  from: string;
  /** The further account that places the call. Absent: the main account. */
  account?: CallAccount;
  content: { twiml: string } | { url: string } | { applicationSid: string };
  ringTimeoutSeconds: number;
  maxDurationSeconds: number;
  machineDetection: MachineDetection;
  lookup: LookupMode;
  retry: RetryPolicy;
  /** The request's own, else the operator's; null: any hour. */
  callingWindow: CallingWindow | null;
  /** No calling window counts. */
  urgent: boolean;
  notBefore: string | null;
  giveUpAt: string | null;
  priority: number;
  fairnessKey: string | null;
  allowParallel: boolean;
  notifyUrl: string | null;
  notifyOn: readonly NotifyEvent[];
  /** Asked before each attempt, besides the operator's own; null: no other. */
  eligibilityUrl: string | null;
  metadata: Record<string, string>;
  /** Absent: none. */
  twilio?: TwilioParameters;
  /** False: Twilio is asked for no status callbacks. Absent: it is asked. */
  callbacks?: false;
  timeouts: {
    /** Silence about a placed call after which Twilio is asked. */
    callbackWaitSeconds: number;
    /** First pause between two polls; it grows to ten times that. */
    pollIntervalSeconds: number;
    /** How long past the last moment of the Twilio call's life the truth is still sought. */
    decideWithinSeconds: number;
    /** How long Twilio must show no trace of an unclear placement before it counts as never made. */
    absentAfterSeconds: number;
  };
}
