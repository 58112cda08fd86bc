/** How a simulator is started. */
export interface SimulatorOptions {
  /** Port to listen on; 0 takes any free one. */
  port?: number;
  /** Address to listen on; `127.0.0.1` when absent. The control paths answer loopback only, whatever this is. */
  host?: string;
  /** `AC…`: the one account that exists here. */
  accountSid: string;
  /** Authenticates REST requests, and signs callbacks. */
  authToken: string;
  /** API keys that authenticate REST requests too. */
  apiKeys?: { sid: string; secret: string }[];
  /** Calls dialed per second of life; more wait in the queue. 1 when absent, as on a new Twilio account. */
  callsPerSecond?: number;
  /** How many times faster than life calls go by; 1 when absent. Delivery of callbacks keeps its own, real times. */
  speed?: number;
  /** How many calls are remembered; 10 000 when absent. Beyond that the oldest finished ones are forgotten. */
  rememberedCalls?: number;
  /** Answers to what nobody could confirm about Twilio. */
  unconfirmed?: Partial<Unconfirmed>;
  /** Told about each create, in words without full numbers. */
  log?: (message: string) => void;
}

/** What is not known for sure about Twilio: each can be had either way. */
export interface Unconfirmed {
  /** An update of a call that has ended: refused with 21220, or ignored with a 200. Default `refused`. */
  updateOfEndedCall: 'refused' | 'ignored';
  /** Whether the list's time filters honour the time, or only the UTC date. Default `date`. */
  timeFilter: 'date' | 'time';
  /** Whether a call that has not been dialed, so has no start time, matches a `StartTime` filter. Default false. */
  startTimeMatchesQueued: boolean;
  /** Whether retries of one callback share the `I-Twilio-Idempotency-Token`. Default true. */
  retriesShareToken: boolean;
  /** Whether Events shows `sip_response_code` of the terminal callback. Default true. */
  eventsShowSipCode: boolean;
  /** Seconds of life after a call's end at which its Events can be read. Default 900, as documented. */
  eventsAfterSeconds: number;
}

export const defaultUnconfirmed: Unconfirmed = {
  updateOfEndedCall: 'refused',
  timeFilter: 'date',
  startTimeMatchesQueued: false,
  retriesShareToken: true,
  eventsShowSipCode: true,
  eventsAfterSeconds: 900,
};

/** Credentials of the account that exists in no other place than a simulator: well-formed, and surely nobody's. */
export const simulatorCredentials = {
  accountSid: 'AC00000000000000000000000000000000',
  authToken: '00000000000000000000000000000000',
} as const;
