import type { Forbidden, Hindrance, PlaceCallResult } from '../workflows/callActivities.js';
import type { CallStarter } from './callStarter.js';
import type { ActivitySettings } from './settings.js';
import type { BreakerChange } from './store/dialLimits.js';
import type { OutcomeStore } from './store/outcomeStore.js';
import type { TwilioClient } from './twilio/twilioClient.js';

/** What the activities act on. */
export interface ActivityDeps {
  settings: ActivitySettings;
  store: OutcomeStore;
  twilio: TwilioClient;
  /** Starts the calls of batches. */
  callStarter: CallStarter;
  /** Told of what operators want to count or be alarmed by. Must not throw. */
  emit: (event: ActivityEvent) => void;
}

export type ActivityEvent =
  /** `by`: what hinders or forbids the placement; empty for every other result. */
  | { kind: 'placement'; result: PlaceCallResult['kind']; by: Hindrance['by'] | Forbidden['by'] | '' }
  | { kind: 'recorded'; outcome: string; decidedBy: string }
  /** One try to tell a caller something at its `notifyUrl`. */
  | { kind: 'notified'; type: string; result: 'delivered' | 'failed' | 'refused' | 'gone' }
  /** No more tries: it is kept, and waits for somebody to have it sent again. */
  | { kind: 'dead-letter'; type: string; id: string; host: string }
  /** Twilio refuses the account, not a number: no call can be placed until somebody mends it. */
  | { kind: 'account-trouble'; code: number | null; message: string }
  | { kind: 'account-ok' }
  /** Twilio or the account fails at a high rate: nothing is dialed for a while, or again. */
  | ({ kind: 'breaker' } & BreakerChange);
