/** How a simulator is started. */
export interface SimulatorOptions {
  /** Port to listen on; 0 takes any free one. */
  port?: number;
  /**
   * Address to listen on; `127.0.0.1` when absent. The control paths answer loopback only, whatever this is.
   */
  host?: string;
  /** `AC…`: the main account of the simulator. */
  accountSid: string;
  /** Authenticates REST requests, and signs callbacks. */
  authToken: string;
  /** API keys that authenticate REST requests too. */
  apiKeys?: { sid: string; secret: string }[];
  /** Calls dialed per call second; the rest wait in the queue. Default 1, as on a new Twilio account. */
  callsPerSecond?: number;
  /** Further accounts: those of this moment. */
  accounts?: () => SimulatedAccount[];
  /** How many call seconds pass in a real second; default 1. Callbacks are delivered in real time. */
  speed?: number;
  /** How many calls are remembered; default 10 000. The oldest calls that are over are forgotten first. */
  rememberedCalls?: number;
  /** What the account is, owns and may do. */
  account?: Partial<AccountProfile>;
  /** How the simulator behaves where Twilio's behavior is not confirmed. */
  unconfirmed?: Partial<Unconfirmed>;
  /** Called for each create, with a message without full numbers. */
  log?: (message: string) => void;
}

/** An account with its credentials. */
export type SimulatedAccount = Pick<
  SimulatorOptions,
  'accountSid' | 'authToken' | 'apiKeys' | 'callsPerSecond' | 'account'
>;

/** What an account is, owns and may do. */
export interface AccountProfile {
  type: 'Trial' | 'Full';
  status: 'active' | 'suspended' | 'closed';
  /** Numbers that the account owns. Null: every number that may call. */
  phoneNumbers: readonly string[] | null;
  /** Verified caller ids. A trial account calls only these. */
  callerIds: readonly string[];
  /** Countries (ISO 3166) that the account may not call. */
  closedCountries: readonly string[];
}

export const defaultAccount: AccountProfile = {
  type: 'Full',
  status: 'active',
  phoneNumbers: null,
  callerIds: [],
  closedCountries: ['KP'],
};

/** Behavior of Twilio that is not confirmed. Each option exists, so that both can be tried. */
export interface Unconfirmed {
  /** An update of a call that has ended: refused with 21220, or ignored with a 200. Default `refused`. */
  updateOfEndedCall: 'refused' | 'ignored';
  /** Whether the list's time filters use the time, or only the UTC date. Default `date`. */
  timeFilter: 'date' | 'time';
  /**
   * Whether a call that has not been dialed, so has no start time, matches a `StartTime` filter. Default
   * false.
   */
  startTimeMatchesQueued: boolean;
  /** Whether retries of one callback share the `I-Twilio-Idempotency-Token`. Default true. */
  retriesShareToken: boolean;
  /** Whether Events shows `sip_response_code` of the terminal callback. Default true. */
  eventsShowSipCode: boolean;
  /** Call seconds after a call's end at which its Events can be read. Default 900, as documented. */
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

/** Caller id of simulated calls without one: Twilio's test number. */
export const simulatedFrom = '+15005550006';

/** Credentials of the built-in account: well-formed, and certainly nobody's at Twilio. */
export const simulatorCredentials = {
  accountSid: 'AC00000000000000000000000000000000',
  authToken: '00000000000000000000000000000000',
} as const;
