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
 * somebody fixes that: the refusal is returned once, so that the call can show it, and no further one once one is `known`.
 */
export async function orReadRefusal<T>(
  known: number | null,
  read: () => Promise<T>,
): Promise<T | ReadRefusal> {
  try {
    return await read();
  } catch (error) {
    const refusal = refusals.get(error as object);
    // One refusal is shown. Others may take turns with it while the trouble lasts, and each result costs history.
    if (refusal === undefined || known !== null) throw error;
    return { refusal };
  }
}

/** What the call is to show, of the failures that say why nothing can be read. */
const refusals = new WeakMap<object, TwilioError>();

/** The failure, so that `orReadRefusal` returns the refusal once. */
export function withRefusal<F extends object>(failure: F, refusal: TwilioError): F {
  refusals.set(failure, refusal);
  return failure;
}

/** Does Twilio itself say that there is no such resource? */
export function isNotFound(error: unknown): boolean {
  return error instanceof TwilioRestError && error.error.code === 20404;
}

/** Twilio could not be reached, or refused: retry after its `Retry-After`, if it sent one. */
export function twilioUnavailable(type: 'CallNotOver' | 'CallNotSeen', error: unknown) {
  // It says already what is to be said.
  if (error instanceof ApplicationFailure) return error;
  const why = error instanceof Error ? error.message : String(error);
  const failure = retryLater(
    type,
    `Twilio could not be read: ${why}`,
    error instanceof TwilioRestError ? error.retryAfterSeconds : null,
  );
  return error instanceof TwilioRestError && refusesAccount(error)
    ? withRefusal(failure, error.error)
    : failure;
}

/** A 5xx is trouble of Twilio's own, whatever its code. */
function refusesAccount(error: TwilioRestError): boolean {
  const { code, httpStatus } = error.error;
  return (
    code !== null &&
    httpStatus < 500 &&
    !isNotFound(error) &&
    classifyRefusal(error.error) === 'account-trouble'
  );
}
