import type { CallingWindow, RetryPolicy } from '../../workflows/callRequest.js';
import type { AccountSettings } from '../accounts/account.js';
import type { Destinations } from '../destinations/forbiddenDestination.js';
import type { BreakerRule, DialLimits } from '../store/placements/dialLimits.js';

/**
 * The configuration of the activities. Read and checked in `src/`, once at start, except for the policies and for the
 * accounts besides the main one.
 */
export interface ActivitySettings extends DialLimits, AccountSettings {
  /**
   * Origin (and path prefix, if any) under which Twilio reaches the API; no trailing slash. Null: Twilio cannot
   * reach it, so it is asked for no callbacks.
   */
  publicUrl: string | null;
  /** How long a number counts as invalid after Twilio has shown it to be; 0: not at all. */
  rememberInvalidSeconds: number;
  /** Null: the circuit breaker never opens. */
  breaker: BreakerRule | null;
  callbackWaitSeconds: number;
  pollIntervalSeconds: number;
  decideWithinSeconds: number;
  absentAfterSeconds: number;
  /** The current retry policies, by name: the file may change while the worker runs. */
  policies: () => Record<string, RetryPolicy>;
  /** `RINGTRUE_CALLING_WINDOW`: the window of requests that name none; null: any hour. */
  callingWindow: CallingWindow | null;
  /** `RINGTRUE_DESTINATIONS`; null: any country. */
  destinations: Destinations | null;
  notify: NotifySettings;
  doNotCall: DoNotCallSettings;
  /** What Temporal shows instead of personal text that it does not encrypt. Null or absent: the text itself. */
  hiding?: Hiding | null;
}

/** Keyed forms of personal text: the same text always has the same form, and only holders of the key can make it. */
export interface Hiding {
  /** Hash and masked number. */
  number: (number: string) => string;
  /** Hash alone. */
  text: (text: string) => string;
}

/** The settings by which a call is accepted and placed, as the workers have them. The API answers by them too. */
export type CallRules = Omit<
  ActivitySettings,
  'twilio' | 'accounts' | 'publicUrl' | 'defaultFrom' | 'policies' | 'notify' | 'breaker' | 'hiding'
> & { notify: Pick<NotifySettings, 'allowPrivate'> };

export interface NotifySettings {
  /** `whsec_…`, newest first. Each signs every notification, so that secrets can be rotated. */
  secrets: string[];
  /**
   * Posts to private and local addresses too. Only where every client of the API may reach the network behind
   * it.
   */
  allowPrivate: boolean;
}

export interface DoNotCallSettings {
  /**
   * `RINGTRUE_ELIGIBILITY_URL`: asked before each placement of any call. The operator's own, so it may be a
   * private address.
   */
  eligibilityUrl: string | null;
  /** A callee who rejects a call as unwanted (SIP 607) is put on the do-not-call list. */
  addOptOuts: boolean;
}
