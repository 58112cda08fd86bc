// Written by `npx vitest run test/client/apiTypes.test.ts -u` from the OpenAPI document of the API.

/** A value that a later version of the API may have. */
type LaterValue = string & Record<never, never>;

/** One request to reach one destination. Exactly one of `twiml`, `url` and `applicationSid` says what the callee hears. */
export interface CallRequest {
  /** Destination, E.164. */
  to: string;
  /** Caller id, E.164; required when the server has no default. */
  from?: string | undefined;
  /** The Twilio account that places the call, by its name in RINGTRUE_ACCOUNTS. */
  account?: string | undefined;
  /** TwiML that the callee hears. */
  twiml?: string | undefined;
  /** Absolute http(s) URL that answers with TwiML. */
  url?: string | undefined;
  /** TwiML application. Twilio then ignores status callbacks: such calls are decided by polling. */
  applicationSid?: string | undefined;
  /** How long the phone rings; 30 when absent. */
  ringTimeoutSeconds?: number | undefined;
  /** How long the call may last; 3600 when absent. */
  maxDurationSeconds?: number | undefined;
  /** Answering-machine detection; off when absent. */
  machineDetection?: 'off' | 'enable' | 'detectMessageEnd' | undefined;
  /** What to ask of Lookup before calling; basic when absent. */
  lookup?: 'off' | 'basic' | 'lineType' | 'lineStatus' | undefined;
  /** Name of a configured policy, or a policy; the policy `default` when absent. */
  retry?: string | RetryPolicy | undefined;
  callingWindow?: CallingWindow | undefined;
  /** true: the phone may ring at any hour of any day, whatever the calling window says. */
  urgent?: boolean | undefined;
  /** No attempt begins earlier. */
  notBefore?: string | undefined;
  /** No attempt begins later. */
  giveUpAt?: string | undefined;
  /** Waiting calls of a lower number are dialed first; 3 when absent. */
  priority?: number | undefined;
  /** Whose call it is: waiting calls of one priority and different keys alternate. */
  fairnessKey?: string | undefined;
  /** May ring although another call to the number is in flight. */
  allowParallel?: boolean | undefined;
  /** The end of each attempt and the outcome are posted there, signed. */
  notifyUrl?: string | undefined;
  /** What is posted to notifyUrl; everything when absent. */
  notifyOn?: ('call.ended' | 'attempt.ended')[] | undefined;
  /** Asked, signed, just before each dialing whether the number may be called. */
  eligibilityUrl?: string | undefined;
  /** The client's own strings, returned everywhere; at most 4096 bytes as JSON. */
  metadata?: Record<string, string> | undefined;
  /** Further parameters of Twilio's create, by Twilio's names. */
  twilio?: {
    Method?: 'GET' | 'POST' | undefined;
    FallbackUrl?: string | undefined;
    FallbackMethod?: 'GET' | 'POST' | undefined;
    SendDigits?: string | undefined;
    Record?: boolean | undefined;
    RecordingChannels?: string | undefined;
    RecordingTrack?: string | undefined;
    RecordingStatusCallback?: string | undefined;
    RecordingStatusCallbackMethod?: 'GET' | 'POST' | undefined;
    RecordingStatusCallbackEvent?: string[] | undefined;
    Trim?: string | undefined;
    MachineDetectionTimeout?: number | undefined;
    MachineDetectionSpeechThreshold?: number | undefined;
    MachineDetectionSpeechEndThreshold?: number | undefined;
    MachineDetectionSilenceTimeout?: number | undefined;
    AsyncAmd?: string | undefined;
    AsyncAmdStatusCallback?: string | undefined;
    AsyncAmdStatusCallbackMethod?: 'GET' | 'POST' | undefined;
    SipAuthUsername?: string | undefined;
    SipAuthPassword?: string | undefined;
    CallReason?: string | undefined;
    CallToken?: string | undefined;
    Byoc?: string | undefined;
    /** Set by ringtrue: use the field to. */
    To?: never;
    /** Set by ringtrue: use the field from. */
    From?: never;
    /** Set by ringtrue: use the field from. */
    CallerId?: never;
    /** Set by ringtrue: use the field url. */
    Url?: never;
    /** Set by ringtrue: use the field twiml. */
    Twiml?: never;
    /** Set by ringtrue: use the field applicationSid. */
    ApplicationSid?: never;
    /** Set by ringtrue: use the field ringTimeoutSeconds. */
    Timeout?: never;
    /** Set by ringtrue: use the field maxDurationSeconds. */
    TimeLimit?: never;
    /** Set by ringtrue: use the field machineDetection. */
    MachineDetection?: never;
    /** Set by ringtrue: use the field notifyUrl to be notified. */
    StatusCallback?: never;
    /** Set by ringtrue: use the field notifyOn to choose notifications. */
    StatusCallbackEvent?: never;
    /** Set by ringtrue: use the field notifyUrl to be notified. */
    StatusCallbackMethod?: never;
  } | undefined;
}

/** When the number is dialed again. */
export interface RetryPolicy {
  /** Counts the first attempt. */
  maxAttempts: number;
  /** Classes after which the number is dialed again: outcomes and finer ones; by default busy, no-answer, failed. */
  retryOn?: RetryClass[] | undefined;
  /** Classes after which it is not, whatever retryOn names. */
  neverOn?: RetryClass[] | undefined;
  /** Wait before the second attempt; 300 when absent. */
  initialIntervalSeconds?: number | undefined;
  /** Growth of the wait from attempt to attempt; 1, the default, keeps it. */
  backoffCoefficient?: number | undefined;
  /** The wait never grows beyond; 3600, or the first wait if longer, when absent. */
  maximumIntervalSeconds?: number | undefined;
  /** Per class the waits before the 2nd, 3rd … attempt, in seconds; the last one repeats. The most specific class of a result decides. Takes precedence over any back-off. */
  intervals?: Record<string, number[]> | undefined;
  /** Per class a back-off of its own; what it leaves out is the policy's. The most specific class of a result decides. */
  backoff?: Record<string, {
    initialIntervalSeconds: number;
    backoffCoefficient?: number | undefined;
    maximumIntervalSeconds?: number | undefined;
  }> | undefined;
  /** The wait is drawn evenly between so much less and so much more of it, 0.2 for 20 %; a back-off never above its maximum. 0 when absent. */
  jitter?: number | undefined;
  /** Null or absent: no limit. No attempt begins later than this after the call's start, or after notBefore if later; giveUpAt counts if earlier. */
  giveUpAfterSeconds?: number | null | undefined;
}

/** How an attempt ended: an outcome, or more finely answered-by-machine, unreachable, a SIP response code or an error code of Twilio. */
export type RetryClass = string;

/** Local time, at the callee, in which the phone may ring: either `start` and `end` (and `days`), or `ranges`. */
export interface CallingWindow {
  /** IANA name; derived from the number when absent. */
  timeZone?: string | undefined;
  /** First minute in which the phone may ring. */
  start?: string | undefined;
  /** First minute in which it may not; earlier than start means past midnight, and 24:00 is the end of the day. */
  end?: string | undefined;
  /** 1 = Monday … 7 = Sunday; every day when absent. */
  days?: number[] | undefined;
  /** Several ranges a week, in place of start, end and days. They may overlap. */
  ranges?: CallingRange[] | undefined;
  /** Local dates, at the callee, on which the phone does not ring at all. */
  blockedDates?: string[] | undefined;
}

/** Hours of some days of the week, by the clock of the callee. */
export interface CallingRange {
  /** First minute in which the phone may ring. */
  start: string;
  /** First minute in which it may not; earlier than start means past midnight, and 24:00 is the end of the day. */
  end: string;
  /** 1 = Monday … 7 = Sunday; every day when absent. */
  days?: number[] | undefined;
}

export interface StartedCall {
  callId: string;
  /** Temporal's run id. Null if Temporal has forgotten the call and only the store remembers it. */
  runId: string | null;
  /** The URL of the call. */
  url: string;
}

export interface DryRun {
  /** The request with every default filled in, and its retry policy. */
  request: CallRequest;
  /** When the first attempt could begin. Null if something forbids it. Later if something delays it whose end is not known. */
  earliestAttemptAt: string | null;
  /** Every rule that rules it out. */
  forbiddenBy: {
    /** The rule. */
    by: string;
    /** A sentence for people. */
    message: string;
  }[];
  /** Everything that the call would wait for. */
  delayedBy: {
    /** The rule. */
    by: string;
    /** A sentence for people. */
    message: string;
    /** Null: not known. */
    until: string | null;
  }[];
  /** Services that a real call would ask, and a dry run does not. */
  unchecked: {
    /** The rule. */
    by: string;
    /** A sentence for people. */
    message: string;
  }[];
}

/** Problem details, RFC 9457. */
export interface Problem {
  type: 'urn:ringtrue:problem:not-json' | 'urn:ringtrue:problem:bad-request' | 'urn:ringtrue:problem:unauthorized' | 'urn:ringtrue:problem:wrong-role' | 'urn:ringtrue:problem:not-local' | 'urn:ringtrue:problem:bad-signature' | 'urn:ringtrue:problem:no-such-call' | 'urn:ringtrue:problem:not-listed' | 'urn:ringtrue:problem:no-such-dead-letter' | 'urn:ringtrue:problem:no-such-erasure' | 'urn:ringtrue:problem:no-such-bulk-operation' | 'urn:ringtrue:problem:no-such-batch' | 'urn:ringtrue:problem:not-found' | 'urn:ringtrue:problem:method-not-allowed' | 'urn:ringtrue:problem:state-conflict' | 'urn:ringtrue:problem:batch-conflict' | 'urn:ringtrue:problem:erasure-conflict' | 'urn:ringtrue:problem:bulk-conflict' | 'urn:ringtrue:problem:key-reused' | 'urn:ringtrue:problem:resend-conflict' | 'urn:ringtrue:problem:call-removed' | 'urn:ringtrue:problem:lost-cursor' | 'urn:ringtrue:problem:too-large' | 'urn:ringtrue:problem:unsupported-media-type' | 'urn:ringtrue:problem:invalid-request' | 'urn:ringtrue:problem:too-many-requests' | 'urn:ringtrue:problem:internal-error' | 'urn:ringtrue:problem:key-missing' | 'urn:ringtrue:problem:temporal-unavailable' | 'urn:ringtrue:problem:store-unavailable' | 'urn:ringtrue:problem:account-unavailable' | LaterValue;
  title: string;
  status: number;
  /** What, on what, why, and what to do now. */
  detail: string;
  /** The path of the request. */
  instance: string;
  /** As in the header X-Request-Id and in the log. */
  requestId: string;
  /** The call in question, if there is one. */
  callId?: string;
  /** Of an erasure: what it would have to wait for. */
  callIds?: string[];
  /** The batch in question, if there is one. */
  batchId?: string;
  /** Of the event feed: the cursor with which to go on behind the gap, if there is one. */
  next?: string;
  /** Of a batch: how many faults there are. `faults` names the first 100. */
  totalFaults?: number;
  /** With 422: every fault of the request. */
  faults?: {
    /** Of a batch: the row, from 1. 0 is the header of a CSV file. */
    row?: number;
    /** Of a CSV file: the line, from 1. */
    line?: number;
    /** Of a batch: the column. Null: the whole row. */
    column?: string | null;
    /** Dotted. Empty: the request as a whole. */
    path: string;
    message: string;
  }[];
}

export interface CallPage {
  calls: CallState[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** The state of a call. */
export interface CallState {
  callId: string;
  to: string | null;
  from: string | null;
  /** The name of the Twilio account that places the call, if it is not the main account. */
  account?: string;
  metadata: Record<string, string>;
  startedAt: string;
  state: 'looking-up' | 'waiting' | 'placing' | 'queued' | 'ringing' | 'in-progress' | 'waiting-to-retry' | 'recording' | 'done' | LaterValue;
  attempts: Attempt[];
  outcome: CallOutcome | null;
  /** What the call waits for and why, for people. */
  waitingFor: string | null;
  nextAttemptAt: string | null;
  /** True: no attempt begins until the call is resumed. */
  paused: boolean;
  /** Why the call was paused, if a reason was given. */
  pauseReason: string | null;
  /** How the workflow of a call ended that is over without an outcome. `missing`: Temporal does not have it any more. */
  workflowEnd?: {
    status: 'terminated' | 'failed' | 'timed-out' | 'canceled' | 'completed' | 'missing' | LaterValue;
    at: string | null;
    reason: string | null;
    lastState: 'looking-up' | 'waiting' | 'placing' | 'queued' | 'ringing' | 'in-progress' | 'waiting-to-retry' | 'recording' | 'done' | LaterValue;
  };
  /** The name of the token that requested it. Null without tokens. */
  requestedBy: string | null;
  /** Who used which control, in order. */
  controls: {
    at: string;
    control: 'cancel' | 'retry' | 'pause' | 'resume' | 'reschedule' | LaterValue;
    /** The name of the token. */
    by: string | null;
  }[];
  /** Why a call that is over has no outcome, and what to do. */
  error?: string;
  /** The running call could not be queried. This is its last recorded state. */
  stale?: true;
}

/** One try to reach the number: at most one Twilio call. */
export interface Attempt {
  number: number;
  callSid: string | null;
  /** Twilio's last status of the call. */
  status: string | null;
  /** Null while the attempt is in progress. */
  outcome: 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled' | 'invalid-number' | 'rejected' | 'expired' | 'unknown' | LaterValue | null;
  decidedBy: 'webhook' | 'poll' | 'lookup' | 'create' | 'cancel' | 'policy' | LaterValue | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  placedAt: string | null;
  answeredAt: string | null;
  endedAt: string | null;
  durationSeconds: number | null;
  answeredBy: 'human' | 'machine' | 'fax' | 'unknown' | LaterValue | null;
  reason: Reason | null;
  evidence: {
    create: {
      sidFrom: 'created' | 'callback' | 'list' | 'journal' | LaterValue | null;
      error: {
        code: number | null;
        httpStatus: number;
        message: string;
      } | null;
      unclear: string | null;
    } | null;
    updates: CallUpdate[];
    /** Two sources gave different final statuses. */
    disagreed: boolean;
    /** What Twilio noted about an answered call, such as a TwiML document it could not use. */
    notifications?: {
      code: number;
      message: string;
    }[];
  };
}

/** The deciding error. */
export interface Reason {
  code: string;
  source: 'twilio' | 'sip' | 'lookup' | 'policy' | LaterValue;
  message: string;
}

/** What one callback or poll said about an attempt. */
export interface CallUpdate {
  source: 'webhook' | 'poll' | LaterValue;
  /** Twilio's CA… */
  callSid: string;
  /** Twilio's status, unchanged. */
  status: string;
  sequence: number | null;
  at: string | null;
  sipResponseCode: number | null;
  errorCode: number | null;
  durationSeconds: number | null;
  answeredBy: string | null;
  rang: boolean;
  /** When the callback came. Absent of a poll. */
  receivedAt?: string;
}

/** How a call turned out, with its evidence. */
export interface CallOutcome {
  callId: string;
  to: string;
  /** The number as it was requested, if Lookup spells it otherwise. */
  requestedTo?: string;
  from: string;
  /** The name of the Twilio account that places the call, if it is not the main account. */
  account?: string;
  metadata: Record<string, string>;
  /** How the call turned out. */
  outcome: 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled' | 'invalid-number' | 'rejected' | 'expired' | 'unknown' | LaterValue;
  answeredBy: 'human' | 'machine' | 'fax' | 'unknown' | LaterValue | null;
  /** What the evidence says of the number. */
  reachability: 'reachable' | 'unreachable' | 'invalid' | 'undetermined' | LaterValue;
  reason: Reason | null;
  /** Where the final status came from. */
  decidedBy: 'webhook' | 'poll' | 'lookup' | 'create' | 'cancel' | 'policy' | LaterValue;
  callSid: string | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  durationSeconds: number | null;
  attempts: Attempt[];
  /** Why there was no further attempt: a code, and a sentence for people. */
  endedBecause: {
    code: string;
    message: string;
  };
  /** The name of the token that requested it. Null without tokens. */
  requestedBy: string | null;
  /** Who used which control, in order. */
  controls: {
    at: string;
    control: 'cancel' | 'retry' | 'pause' | 'resume' | 'reschedule' | LaterValue;
    /** The name of the token. */
    by: string | null;
  }[];
  /** What happened to the call, in order, for people. */
  timeline: {
    at: string;
    text: string;
  }[];
  lookup: LookupEvidence | null;
  startedAt: string;
  endedAt: string;
}

/** What Lookup said, or why it gave no answer. */
export interface LookupEvidence {
  answered: boolean;
  valid: boolean | null;
  validationErrors: string[];
  lineType: string | null;
  lineStatus: string | null;
  /** The number as Lookup spells it, if that is another spelling. */
  phoneNumber?: string;
  errors: {
    package: string;
    code: number | null;
    message: string;
  }[];
}

export interface ControlledCall {
  callId: string;
  url: string;
}

export interface BatchRequest {
  /** For people. */
  name?: string | undefined;
  /** How many of its calls may run at a time. */
  window?: number | undefined;
  /** No call is started until the batch is resumed. */
  paused?: boolean | undefined;
  /** `to`: a number in two rows is a fault. */
  unique?: 'to' | undefined;
  /** true: leaves out rows with faults, and names them in `skipped`. */
  skipFaultyRows?: boolean | undefined;
  /** Fields of a CallRequest except `to`, for every call whose row does not set them. */
  defaults?: Record<string, unknown> | undefined;
  calls: Record<string, unknown>[];
}

export interface StartedBatch {
  batchId: string;
  /** Calls in the batch. */
  total: number;
  /** The URL of the batch. */
  url: string;
  /** Only with `skipFaultyRows`, and only if a row has a fault. */
  skipped?: {
    /** How many rows were left out. */
    rows: number;
    /** Why, by row of the request. The first ten thousand. */
    faults: {
      row: number;
      path: string;
      message: string;
    }[];
    totalFaults: number;
  };
  /** Only of a redial: calls that match, but must not be dialed again. */
  leftOut?: {
    by: 'unwanted' | 'do-not-call' | LaterValue;
    message: string;
    calls: number;
  }[];
}

export interface BatchDryRun {
  /** Rows. */
  total: number;
  /** Rows with faults. Only without them would the batch start. */
  faultyRows: number;
  /** The first ten thousand faults. */
  faults: {
    row: number;
    line?: number;
    column: string | null;
    path: string;
    message: string;
  }[];
  totalFaults: number;
  /** Calls that would not be dialed. */
  forbidden: number;
  /** Calls that would be dialed, but not at once. */
  delayed: number;
  forbiddenBy: {
    /** The rule. */
    by: string;
    calls: number;
    /** A sentence for people, of the first of these calls. */
    message: string;
  }[];
  delayedBy: {
    /** The rule. */
    by: string;
    calls: number;
    /** A sentence for people, of the first of these calls. */
    message: string;
  }[];
  /** Services that a real call would ask, and a dry run does not. */
  unchecked: {
    /** The rule. */
    by: string;
    /** A sentence for people. */
    message: string;
  }[];
}

export interface BatchPage {
  batches: Batch[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** The state of a batch. */
export interface Batch {
  batchId: string;
  name: string | null;
  /** `ready`: stored, and no worker has begun it. `canceled` and `done` are final. */
  state: 'ready' | 'running' | 'paused' | 'canceling' | 'canceled' | 'done' | LaterValue;
  /** total = waiting + running + done + refused + withdrawn, at any moment. */
  counts: {
    /** Calls in the batch. */
    total: number;
    /** Not started yet. */
    waiting: number;
    /** Started, without an outcome yet. */
    running: number;
    /** With an outcome. */
    done: number;
    /** No longer valid when they were due, or ended without an outcome. */
    refused: number;
    /** Never started, because the batch was canceled first. */
    withdrawn: number;
    /** Of those done. */
    outcomes: Record<string, number>;
  };
  /** How many of its calls may run at a time. */
  window: number;
  /** The query of a redial. */
  redialOf: {
    batch?: string;
    outcome?: ('answered' | 'busy' | 'no-answer' | 'failed' | 'canceled' | 'invalid-number' | 'rejected' | 'expired' | 'unknown' | LaterValue)[];
    reachability?: string[];
    to?: string;
    since?: string;
    until?: string;
  } | null;
  cancelReason: string | null;
  /** The name of the token that requested it. Null without tokens. */
  requestedBy: string | null;
  /** Who used which control, in order. */
  controls: {
    at: string;
    control: 'pause' | 'resume' | 'cancel' | LaterValue;
    /** The name of the token. */
    by: string | null;
  }[];
  createdAt: string;
  endedAt: string | null;
}

export interface BatchResultPage {
  results: BatchResult[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** The result of one row of a batch. */
export interface BatchResult {
  row: number;
  callId: string;
  to: string;
  state: 'waiting' | 'running' | 'done' | 'refused' | 'withdrawn' | LaterValue;
  callState: 'looking-up' | 'waiting' | 'placing' | 'queued' | 'ringing' | 'in-progress' | 'waiting-to-retry' | 'recording' | 'done' | LaterValue | null;
  outcome: string | null;
  /** The deciding error, or why the row was refused. */
  reason: string | null;
  attempts: number;
  startedAt: string | null;
  endedAt: string | null;
  durationSeconds: number | null;
  answeredBy: string | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  /** The caller id. */
  from: string | null;
  reachability: 'reachable' | 'unreachable' | 'invalid' | 'undetermined' | LaterValue | null;
  decidedBy: 'webhook' | 'poll' | 'lookup' | 'create' | 'cancel' | 'policy' | LaterValue | null;
  /** Of the last attempt. */
  callSid: string | null;
  /** Why there was no further attempt. */
  endedBecause: {
    code: string;
    message: string;
  } | null;
  metadata: Record<string, string>;
}

/** At least one of `batch`, `outcome`, `reachability`, `to`, `since` and `until` is needed. */
export interface RedialRequest {
  /** For people. */
  name?: string | undefined;
  /** How many of its calls may run at a time. */
  window?: number | undefined;
  /** No call is started until the batch is resumed. */
  paused?: boolean | undefined;
  /** Calls of this batch. */
  batch?: string | undefined;
  outcome?: ('answered' | 'busy' | 'no-answer' | 'failed' | 'canceled' | 'invalid-number' | 'rejected' | 'expired' | 'unknown')[] | undefined;
  reachability?: ('reachable' | 'unreachable' | 'invalid' | 'undetermined')[] | undefined;
  to?: string | undefined;
  /** Started at this time or later. An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d. */
  since?: string | undefined;
  /** Started before this time. An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d. */
  until?: string | undefined;
  /** true: leaves out rows with faults, and names them in `skipped`. */
  skipFaultyRows?: boolean | undefined;
  /** Fields of a CallRequest that replace those of each original request. */
  overrides?: Record<string, unknown> | undefined;
  /** true: dials nothing, only shows which calls would be dialed. */
  dryRun?: boolean | undefined;
}

export interface RedialPreview {
  /** Calls that would be dialed again. */
  total: number;
  /** Calls that match, but must not be dialed again. */
  leftOut: {
    by: 'unwanted' | 'do-not-call' | LaterValue;
    message: string;
    calls: number;
  }[];
  /** Calls that match, but whose request was not stored. */
  withoutRequest: number;
  /** The first ten. */
  sample: {
    callId: string;
    to: string;
    startedAt: string;
  }[];
  /** The first ten thousand. */
  calls: {
    callId: string;
    to: string;
    startedAt: string;
  }[];
}

export interface EventPage {
  events: Event[];
  /** The cursor for the next request, as `after`. Always there. */
  next: string;
}

/** The end of an attempt, or of a call. */
export type Event = {
  /** The cursor after this event. */
  id: string;
  /** When it was recorded. */
  at: string;
  callId: string;
  type: 'attempt.ended';
  data: Attempt;
} | {
  /** The cursor after this event. */
  id: string;
  /** When it was recorded. */
  at: string;
  callId: string;
  type: 'call.ended';
  data: CallOutcome;
};

export interface BulkOperationRequest {
  action: 'cancel' | 'retry' | 'pause' | 'resume';
  /** Filters of `GET /calls` by name, as texts. At least one. An unknown name is a fault. */
  filter: Record<string, string>;
  /** How many calls the preview has counted. Needed unless it is a dry run. */
  expectedCount?: number | undefined;
  /** Why, for cancel and pause. */
  reason?: string | undefined;
}

export interface BulkPreview {
  /** Unfinished calls that the filter shows: those that would be controlled. */
  count: number;
  /** Of them, how many ring or talk now. */
  ringing: number;
  /** They by state. */
  states: Record<string, number>;
  /** Calls that the filter shows and that are over. 10,000 stands for more, too. */
  over: number;
  /** What would happen, as a sentence. */
  message: string;
  /** The three newest. */
  sample: {
    callId: string;
    to: string | null;
    state: 'looking-up' | 'waiting' | 'placing' | 'queued' | 'ringing' | 'in-progress' | 'waiting-to-retry' | 'recording' | 'done' | LaterValue;
    startedAt: string;
  }[];
}

export interface BulkOperation {
  operationId: string;
  action: 'cancel' | 'retry' | 'pause' | 'resume' | LaterValue;
  /** As it was requested. */
  filter: Record<string, string>;
  reason: string | null;
  /** The name of the token. Null without tokens. */
  requestedBy: string | null;
  state: 'running' | 'stopping' | 'stopped' | 'done' | LaterValue;
  /** How many calls the filter showed at the request. */
  expected: number;
  counts: {
    /** Took the action. */
    done: number;
    /** Their state did not allow it. */
    refused: number;
    /** Did not answer, or with an error. */
    failed: number;
  };
  /** Why calls refused or failed, most calls first. At most 20. */
  reasons: {
    kind: 'refused' | 'failed' | LaterValue;
    /** In the words of the calls. */
    message: string;
    calls: number;
    /** The first of these calls. */
    callId: string;
  }[];
  stoppedBy: string | null;
  createdAt: string;
  endedAt: string | null;
}

export interface BulkOperationPage {
  operations: BulkOperation[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** What became of the calls that were requested in a period. */
export interface Statistics {
  /** The first whole hour that is counted. */
  since: string;
  /** The end of the last one. */
  until: string;
  /** How far the calls got. A call that got to a step got to all before it. */
  funnel: {
    step: 'requested' | 'valid' | 'placed' | 'rang' | 'answered' | 'human' | LaterValue;
    meaning: string;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  outcomes: {
    outcome: 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled' | 'invalid-number' | 'rejected' | 'expired' | 'unknown' | LaterValue;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  /** Who answered. The sum is the number of answered calls. */
  answeredBy: {
    answeredBy: 'human' | 'machine' | 'fax' | 'unknown' | 'undetected' | LaterValue;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  /** Calls under way. */
  unfinished: {
    state: 'looking-up' | 'waiting' | 'placing' | 'queued' | 'ringing' | 'in-progress' | 'waiting-to-retry' | 'recording' | 'done' | LaterValue;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  /** Calls that are over without an outcome. */
  withoutOutcome: {
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  };
  /** Calls that were not answered, by the deciding error. */
  failures: {
    source: string | null;
    code: string | null;
    meaning: string | null;
    remedy: string | null;
    url: string | null;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  decidedBy: {
    decidedBy: 'webhook' | 'poll' | 'lookup' | 'create' | 'cancel' | 'policy' | LaterValue;
    /** 0..1 */
    share: number;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  /** Calls by how many attempts they made, and how many of them were answered at the last one. The last entry stands for that many or more. */
  attempts: {
    attempts: number;
    answered: number;
    /** The query of GET /calls that lists exactly these calls. */
    answeredQuery: string;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  /** The fifty caller ids with the most calls that have an outcome. */
  callers: {
    from: string;
    answered: number;
    human: number;
    machine: number;
    /** Answered, and over within six seconds. */
    short: number;
    /** The query of GET /calls that lists exactly these calls. */
    shortQuery: string;
    calls: number;
    /** The query of GET /calls that lists exactly these calls. */
    query: string;
  }[];
  /** From the request to the first ring. In seconds; estimated within ranges. Null: nothing was counted. */
  secondsToRing: {
    count: number;
    p50: number | null;
    p95: number | null;
  };
  /** From the request to the outcome. In seconds; estimated within ranges. Null: nothing was counted. */
  secondsToOutcome: {
    count: number;
    p50: number | null;
    p95: number | null;
  };
  /** From an event at Twilio to the arrival of its callback. In seconds; estimated within ranges. Null: nothing was counted. */
  callbackDelaySeconds: {
    count: number;
    p50: number | null;
    p95: number | null;
  };
  points: {
    bucketSeconds: number;
    values: {
      at: string;
      calls: number;
      answered: number;
      human: number;
    }[];
  };
}

/** Why calls are not ringing. */
export interface WaitingCalls {
  /** Calls that wait, and rows of batches that are not calls yet. */
  total: number;
  entries: {
    by: 'not-before' | 'rescheduled' | 'retry' | 'paused-call' | 'paused' | 'breaker' | 'number-in-flight' | 'pair-in-progress' | 'contact-limit' | 'account-limit' | 'rate-limit' | 'calling-window' | 'eligibility' | 'store' | 'database-clock' | 'account-trouble' | 'unconfigured-account' | 'not-sent' | 'unclear' | 'lookup' | 'dial-queue' | 'batch' | 'batch-paused' | LaterValue;
    count: number;
    /** What they wait for. */
    message: string;
    /** Somebody must look after it. */
    isWrong: boolean;
    clearsByItself: boolean;
    /** When the first of them goes on at the earliest. Null: not known. */
    clearsAt: string | null;
    whatToDo: string;
    oldestStartedAt: string | null;
    query: string | null;
  }[];
}

export interface DeadLetterPage {
  deadLetters: DeadLetter[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** A notification that could not be delivered. */
export interface DeadLetter {
  /** Its webhook-id, the same whenever it is sent. */
  id: string;
  callId: string;
  type: 'call.ended' | 'attempt.ended' | LaterValue;
  /** The whole notifyUrl. */
  url: string;
  state: 'dead' | 'delivered' | LaterValue;
  /** Why the last try failed. */
  error: string;
  /** When it was last given up. */
  failedAt: string;
  /** How many times it was sent again on request. */
  resends: number;
  resentAt: string | null;
  deliveredAt: string | null;
}

export interface Resend {
  id: string;
}

export interface DoNotCallPage {
  entries: DoNotCallEntry[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** An entry of the do-not-call list. */
export interface DoNotCallEntry {
  to: string;
  /** Empty if none was given. */
  reason: string;
  /** opt-out: the callee refused further calls during a call. */
  source: 'api' | 'csv' | 'opt-out' | LaterValue;
  /** The name of the token of the client. Null without tokens, and of an opt-out. */
  addedBy: string | null;
  addedAt: string;
  /** Null: never. */
  expiresAt: string | null;
  /** True: the number may be called again. */
  expired: boolean;
}

/** A number that must not be called. */
export interface DoNotCallRequest {
  /** The number that must not be called, E.164. */
  to: string;
  /** Why, for the record. */
  reason?: string | undefined;
  /** When the entry expires. Absent: never. */
  expiresAt?: string | undefined;
}

export interface DoNotCallImport {
  /** Rows of the list, without header and empty rows. */
  rows: number;
  /** Numbers that were not on the list before. */
  added: number;
}

export interface DoNotCallRemovalPage {
  removals: {
    to: string;
    removedAt: string;
    /** The name of the token of the client. Null if the API has no tokens. */
    removedBy: string | null;
    /** Of the entry that was removed. */
    reason: string;
    source: 'api' | 'csv' | 'opt-out' | LaterValue;
    addedBy: string | null;
    addedAt: string;
  }[];
  /** Null on the last page. */
  nextCursor: string | null;
}

export interface InvalidNumberPage {
  invalidNumbers: InvalidNumber[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** A number that does not exist, as Twilio said. */
export interface InvalidNumber {
  to: string;
  source: 'lookup' | 'twilio' | LaterValue;
  code: string;
  message: string;
  /** The call that found it out. */
  callId: string;
  seenAt: string;
}

export interface ErasureRequest {
  /** The number to erase, E.164. */
  number: string;
}

/** The erasure of a number. It does not show the number. */
export interface Erasure {
  id: string;
  url: string;
  /** done: nothing of the number is left. */
  state: 'running' | 'done' | LaterValue;
  /** What it waits for, for people. */
  waitingFor: string | null;
  requestedBy: string | null;
  requestedAt: string;
  finishedAt: string | null;
  /** Calls erased so far. */
  calls: number;
  /** Runs of workflows deleted in Temporal so far; not those of a worker that crashed. */
  workflows: number;
}

/** Limits, pause and circuit breaker: of the main account, and of each other one. */
export interface Dialing {
  accountSid: string;
  /** Limits that were set here. Null: the limit of the workers' configuration. */
  limits: {
    callsPerSecond: number | null;
    callsInFlight: number | null;
    contactsPerNumber: number | null;
    contactsPeriodSeconds: number | null;
    callsPerNumber: number | null;
  };
  /** The configured limits, from the variables of the API. 0: no limit. */
  configured: {
    callsPerSecond: number | null;
    callsInFlight: number | null;
    contactsPerNumber: number | null;
    contactsPeriodSeconds: number | null;
    callsPerNumber: number | null;
  } | null;
  /** Null: not paused. */
  paused: {
    since: string;
    reason: string | null;
    /** The name of the token that paused it. */
    by: string | null;
  } | null;
  breaker: {
    /** open: no call is placed, or none to the prefixes. trying: single placements test whether Twilio accepts calls again. */
    state: 'closed' | 'open' | 'trying' | LaterValue;
    openedAt: string | null;
    openUntil: string | null;
    reason: string | null;
    /** What the numbers begin with that it holds, such as +49. Null: it holds all. */
    prefixes: string[] | null;
  };
  /** Calls that may be in flight. */
  inFlight: number;
  /** When the rate limit allows the next placement. A time in the past means now. */
  nextPlacementAt: string | null;
  /** What operators changed, newest first. At most 50 entries. */
  changes: {
    at: string;
    change: 'limits' | 'pause' | 'resume' | LaterValue;
    /** The name of the token. Null without tokens. */
    by: string | null;
    /** The limits that were set. */
    limits: {
      callsPerSecond?: number | null;
      callsInFlight?: number | null;
      contactsPerNumber?: number | null;
      contactsPeriodSeconds?: number | null;
      callsPerNumber?: number | null;
    } | null;
  }[];
  /** The same of each account in RINGTRUE_ACCOUNTS, by its name. */
  accounts: Record<string, DialingOfAccount>;
}

/** Limits, pause and circuit breaker of an account. */
export interface DialingOfAccount {
  accountSid: string;
  /** Limits that were set here. Null: the limit of the workers' configuration. */
  limits: {
    callsPerSecond: number | null;
    callsInFlight: number | null;
    contactsPerNumber: number | null;
    contactsPeriodSeconds: number | null;
    callsPerNumber: number | null;
  };
  /** The configured limits, from the variables of the API. 0: no limit. */
  configured: {
    callsPerSecond: number | null;
    callsInFlight: number | null;
    contactsPerNumber: number | null;
    contactsPeriodSeconds: number | null;
    callsPerNumber: number | null;
  } | null;
  /** Null: not paused. */
  paused: {
    since: string;
    reason: string | null;
    /** The name of the token that paused it. */
    by: string | null;
  } | null;
  breaker: {
    /** open: no call is placed, or none to the prefixes. trying: single placements test whether Twilio accepts calls again. */
    state: 'closed' | 'open' | 'trying' | LaterValue;
    openedAt: string | null;
    openUntil: string | null;
    reason: string | null;
    /** What the numbers begin with that it holds, such as +49. Null: it holds all. */
    prefixes: string[] | null;
  };
  /** Calls that may be in flight. */
  inFlight: number;
  /** When the rate limit allows the next placement. A time in the past means now. */
  nextPlacementAt: string | null;
  /** What operators changed, newest first. At most 50 entries. */
  changes: {
    at: string;
    change: 'limits' | 'pause' | 'resume' | LaterValue;
    /** The name of the token. Null without tokens. */
    by: string | null;
    /** The limits that were set. */
    limits: {
      callsPerSecond?: number | null;
      callsInFlight?: number | null;
      contactsPerNumber?: number | null;
      contactsPeriodSeconds?: number | null;
      callsPerNumber?: number | null;
    } | null;
  }[];
}

/** Limits to set. Null: the configured limit. Absent: no change. */
export interface DialLimitsRequest {
  /** A name from RINGTRUE_ACCOUNTS. Absent: the main account. */
  account?: string | undefined;
  /** Calls placed per second, over all workers. */
  callsPerSecond?: number | null | undefined;
  /** Calls in flight at once. */
  callsInFlight?: number | null | undefined;
  /** Calls to one number within contactsPeriodSeconds. */
  contactsPerNumber?: number | null | undefined;
  /** Set together with contactsPerNumber. */
  contactsPeriodSeconds?: number | null | undefined;
  /** Calls to one number in flight at once. */
  callsPerNumber?: number | null | undefined;
}

/** Temporal's payloads, as its UI and CLI send them. */
export interface Payloads {
  payloads?: {
    metadata?: Record<string, string> | undefined;
    /** Base64. */
    data?: string | undefined;
  }[] | undefined;
}

export interface Health {
  alive: true;
}

export interface Readiness {
  ready: boolean;
  /** Each part: `ok`, or what is wrong. Only for clients that may use the calls API. */
  checks?: Record<string, string>;
}

/** The query of listCalls. */
export interface ListCallsQuery {
  /** Only calls with this outcome. */
  outcome?: 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled' | 'invalid-number' | 'rejected' | 'expired' | 'unknown' | undefined;
  /** Only calls in this state. */
  state?: 'looking-up' | 'waiting' | 'placing' | 'queued' | 'ringing' | 'in-progress' | 'waiting-to-retry' | 'recording' | 'done' | undefined;
  /** Only calls whose number has this reachability. */
  reachability?: 'reachable' | 'unreachable' | 'invalid' | 'undetermined' | undefined;
  /** Only calls that were answered so. Needs machine detection. `undetected`: answered, and nobody knows by whom. */
  answeredBy?: 'human' | 'machine' | 'fax' | 'unknown' | 'undetected' | undefined;
  /** Only calls whose outcome came from there. */
  decidedBy?: 'webhook' | 'poll' | 'lookup' | 'create' | 'cancel' | 'policy' | undefined;
  /** Only calls to this number. Write its + as %2B. */
  to?: string | undefined;
  /** Only calls from this caller id. Write its + as %2B. */
  from?: string | undefined;
  /** Only calls that this batch started. */
  batch?: string | undefined;
  /** Only calls whose metadata has this text under KEY. May be given for several keys. */
  'metadata.KEY'?: string | undefined;
  /** Only calls with this call id, call SID, batch id, or text in the metadata; or to this number, in any spelling, or by its last digits, at least four. */
  search?: string | undefined;
  /** Only calls with an outcome that got at least so far in the funnel of GET /statistics. */
  reached?: 'requested' | 'valid' | 'placed' | 'rang' | 'answered' | 'human' | undefined;
  /** Only calls with an outcome that got so far in the funnel, and no further. */
  furthest?: 'requested' | 'valid' | 'placed' | 'rang' | 'answered' | 'human' | undefined;
  /** Only calls with an outcome that made so many attempts. */
  attempts?: '0' | '1' | '2' | '3' | '4' | '5' | '6+' | undefined;
  /** Only calls that were not answered for this reason: its source and code. `none`: without a reason. */
  reason?: string | undefined;
  /** Only calls that were answered and over within 6 seconds. */
  short?: 'true' | undefined;
  /** Only calls that are over without an outcome. */
  withoutOutcome?: 'true' | undefined;
  /** Only calls that wait for this: see GET /statistics/waiting. */
  waitingBy?: 'not-before' | 'rescheduled' | 'retry' | 'paused-call' | 'paused' | 'breaker' | 'number-in-flight' | 'pair-in-progress' | 'contact-limit' | 'account-limit' | 'rate-limit' | 'calling-window' | 'eligibility' | 'store' | 'database-clock' | 'account-trouble' | 'unconfigured-account' | 'not-sent' | 'unclear' | 'lookup' | 'dial-queue' | undefined;
  /** Only calls that started at this time or later. An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d. */
  since?: string | undefined;
  /** Only calls that started before this time. An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d. */
  until?: string | undefined;
  /** Calls per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of readCall. */
export interface ReadCallQuery {
  /** Waits so many seconds for the end of the call. Answers early once it is over. At most 55. */
  wait?: number | undefined;
}

/** The query of listBatches. */
export interface ListBatchesQuery {
  /** Batches per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of batchResults. */
export interface BatchResultsQuery {
  /** Rows per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of readEvents. */
export interface ReadEventsQuery {
  /** Where to go on: `next` of the answer before, or the `id` of an event. Without it, the oldest event that is kept comes first. `latest`: only events from now on. */
  after?: string | undefined;
  /** Events per page. */
  limit?: number | undefined;
  /** Waits so many seconds for an event if there is none yet. At most 55. */
  wait?: number | undefined;
}

/** The query of listBulkOperations. */
export interface ListBulkOperationsQuery {
  /** Bulk operations per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of readStatistics. */
export interface ReadStatisticsQuery {
  /** Only calls requested since this hour. Absent: 24h. An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d. */
  since?: string | undefined;
  /** Only calls requested until the end of this hour. Absent: now. An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d. */
  until?: string | undefined;
  /** Only calls that this batch started. */
  batch?: string | undefined;
  /** Only calls from this caller id. Write its + as %2B. */
  from?: string | undefined;
}

/** The query of listDeadLetters. */
export interface ListDeadLettersQuery {
  /** Only notifications of this call. */
  callId?: string | undefined;
  /** Only notifications in this state. */
  state?: 'dead' | 'delivered' | undefined;
  /** Dead letters per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of listDoNotCall. */
export interface ListDoNotCallQuery {
  /** Only entries with exactly this reason. */
  reason?: string | undefined;
  /** Only entries from this source. */
  source?: 'api' | 'csv' | 'opt-out' | undefined;
  /** true: only entries that have expired. false: only entries that still hold. */
  expired?: 'true' | 'false' | undefined;
  /** Numbers per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of exportDoNotCall. */
export interface ExportDoNotCallQuery {
  /** Only entries with exactly this reason. */
  reason?: string | undefined;
  /** Only entries from this source. */
  source?: 'api' | 'csv' | 'opt-out' | undefined;
  /** true: only entries that have expired. false: only entries that still hold. */
  expired?: 'true' | 'false' | undefined;
}

/** The query of listDoNotCallRemovals. */
export interface ListDoNotCallRemovalsQuery {
  /** Only removals of this number. Write its + as %2B. */
  to?: string | undefined;
  /** Removals per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** The query of listInvalidNumbers. */
export interface ListInvalidNumbersQuery {
  /** Numbers per page. */
  limit?: number | undefined;
  /** `nextCursor` of the previous page. */
  cursor?: string | undefined;
}
