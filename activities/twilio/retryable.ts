import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ReadRefusal } from '../../workflows/callActivities.js';
import type { TwilioError } from '../../workflows/callOutcome.js';
import { classifyRefusal } from '../../workflows/rules/twilioRefusal.js';
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

/**
 * Runs a read from Twilio that is repeated until it has an answer. If Twilio refuses the account or the key, no read works until
 * somebody fixes that: the refusal is returned once, so that the call can show it, and not again while its code is `known`.
 */
export async function orReadRefusal<T>(
  known: number | null,
  read: () => Promise<T>,
): Promise<T | ReadRefusal> {
  try {
    return await read();
  } catch (error) {
    const refusal = refusals.get(error as object);
    if (refusal === undefined || refusal.code === known) throw error;
    return { refusal };
  }
}

/** Of the failures that `twilioUnavailable` made. */
const refusals = new WeakMap<object, TwilioError>();

/** Does Twilio itself say that there is no such resource? */
export function isNotFound(error: unknown): boolean {
  return error instanceof TwilioRestError && error.error.code === 20404;
}

/** Twilio could not be reached, or refused: retry after its `Retry-After`, if it sent one. */
export function twilioUnavailable(type: 'CallNotOver' | 'CallNotSeen', error: unknown) {
  const why = error instanceof Error ? error.message : String(error);
  const failure = retryLater(
    type,
    `Twilio could not be read: ${why}`,
    error instanceof TwilioRestError ? error.retryAfterSeconds : null,
  );
  if (error instanceof TwilioRestError && !isNotFound(error) && error.error.code !== null)
    if (classifyRefusal(error.error) === 'account-trouble') refusals.set(failure, error.error);
  return failure;
}
