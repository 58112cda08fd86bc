import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { TwilioAnswer } from './twilioAnswer.js';

/** An expected "not yet": Temporal runs the activity again, and neither logs nor counts it as a failure. */
export function notYet(
  type: 'CallNotOver' | 'CallNotSeen',
  message: string,
  retryAfterSeconds?: number | null,
) {
  return ApplicationFailure.create({
    type,
    message,
    category: ApplicationFailureCategory.BENIGN,
    ...(retryAfterSeconds ? { nextRetryDelay: retryAfterSeconds * 1000 } : {}),
  });
}

/** Twilio could not be asked: worth trying again, after the pause that it asked for. */
export function couldNotAsk(type: 'CallNotOver' | 'CallNotSeen', error: unknown) {
  const why = error instanceof Error ? error.message : String(error);
  return notYet(
    type,
    `Twilio could not be asked: ${why}`,
    error instanceof TwilioAnswer ? error.retryAfterSeconds : null,
  );
}
