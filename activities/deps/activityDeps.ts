import type { Forbidden, Hindrance, PlaceCallResult } from '../../workflows/callActivities.js';
import type { TwilioClients } from '../accounts/twilioClients.js';
import type { WorkflowEnd } from '../store/calls/workflowEnds.js';
import type { OutcomeStore } from '../store/outcomeStore.js';
import type { BreakerChange } from '../store/placements/dialLimits.js';
import type { ActivitySettings } from './activitySettings.js';
import type { CallStarter } from './callStarter.js';

/** What the activities act on. */
export interface ActivityDeps {
  settings: ActivitySettings;
  store: OutcomeStore;
  twilio: TwilioClients;
  /** Starts the calls of batches. */
  callStarter: CallStarter;
  /** Receives what operators want to count or to be alerted about. Must not throw. */
  emit: (event: ActivityEvent) => void;
}

/** `postponed`: nothing was sent, since as many posts to the host are under way as may be. */
export const notificationResults = ['delivered', 'failed', 'refused', 'gone', 'postponed'] as const;
export type NotificationResult = (typeof notificationResults)[number];

/**
 * `no-answer`: Lookup is down or too slow. `refused`: it answered with an error. `skipped`: as many questions
 * wait for it as may.
 */
export const lookupResults = ['answered', 'no-answer', 'refused', 'skipped'] as const;
export type LookupResult = (typeof lookupResults)[number];

/** The name of the further account that the event is about. Absent: the main account. */
interface OfAccount {
  account?: string;
}

export type ActivityEvent =
  /** `by`: what hinders or forbids the placement; empty for every other result. */
  | ({
      kind: 'placement';
      result: PlaceCallResult['kind'];
      by: Hindrance['by'] | Forbidden['by'] | '';
    } & OfAccount)
  | {
      kind: 'recorded';
      outcome: string;
      decidedBy: string;
      /** From the request to the first Twilio call; null when there was none. */
      secondsToPlacement: number | null;
      secondsToOutcome: number;
    }
  /** One try to post a notification to a client's `notifyUrl`. */
  | { kind: 'notified'; type: string; result: NotificationResult }
  /** No more tries: the notification is kept until an operator has it sent again. */
  | { kind: 'dead-letter'; type: string; id: string; host: string }
  /** Twilio refuses the account, not a number: no call can be placed until an operator fixes it. */
  | ({ kind: 'account-trouble'; code: number | null; message: string } & OfAccount)
  | ({ kind: 'account-ok' } & OfAccount)
  /** Twilio refuses to tell how calls ended, though it may take creates. */
  | ({ kind: 'reads-refused'; code: number | null; message: string } & OfAccount)
  | ({ kind: 'reads-ok' } & OfAccount)
  /** One number that Lookup was to be asked about. `why`: null when it answered. */
  | { kind: 'lookup'; result: LookupResult; why: string | null }
  /** Two Twilio calls for one attempt, which must never be: the second one is ended. */
  | { kind: 'duplicate-call'; callId: string; attempt: number; callSid: string; duplicateSid: string }
  /** The workflow of a call was found to have ended without an outcome. */
  | ({ kind: 'workflow-ended'; callId: string } & Pick<WorkflowEnd, 'status' | 'at' | 'reason'>)
  /** The circuit breaker opened or closed. */
  | ({ kind: 'breaker' } & BreakerChange & OfAccount);

/** What an account's name adds to an event about it. */
export function ofAccount({ name }: { name: string | null }): OfAccount {
  return name === null ? {} : { account: name };
}
