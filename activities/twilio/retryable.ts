import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { TwilioRestError } from './twilioRestError.js';

/** An expected "not yet": Temporal runs the activity again, and neither logs nor counts it as a failure. */
export function retryLater(
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

/** Does Twilio itself say that there is no such resource? */
export function isNotFound(error: unknown): boolean {
  return error instanceof TwilioRestError && error.error.code === 20404;
}

/** Twilio could not be reached, or refused: retry after its `Retry-After`, if it sent one. */
export function twilioUnavailable(type: 'CallNotOver' | 'CallNotSeen', error: unknown) {
  const why = error instanceof Error ? error.message : String(error);
  return retryLater(
    type,
    `Twilio could not be read: ${why}`,
    error instanceof TwilioRestError ? error.retryAfterSeconds : null,
  );
}
