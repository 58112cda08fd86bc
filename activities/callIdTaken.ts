import { ApplicationFailure } from '@temporalio/common';

/** The call id was used before, for another call: the workflow fails, and Temporal does not try again. */
export function callIdTaken(callId: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `The call id ${callId} was used before, for a call between other numbers. Nothing was dialed: a call id names one call for ever; start the call under a new one.`,
    'CallIdTaken',
  );
}
