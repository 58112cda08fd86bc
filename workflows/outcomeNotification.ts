import { notifying } from './activityOptions.js';
import type { CallOutcome } from './callOutcome.js';

/**
 * Tells a caller how its call turned out. A run of its own, so that a receiver that is away for hours holds up
 * neither the call nor whoever waits for its result. Gives up after a day; the recorded outcome stands anyway.
 */
export async function outcomeNotification(url: string, outcome: CallOutcome): Promise<void> {
  await notifying.notifyOutcome({ callId: outcome.callId, url, type: 'call.ended', payload: outcome });
}
