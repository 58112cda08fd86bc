import { TimeoutType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { placeCall } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import type { PlaceCallInput, PlaceCallResult } from '../callActivities.js';
import { unlessInterrupted } from './unlessInterrupted.js';

/**
 * How long a create may still take to report once a callback has proved that its call exists: longer than any create
 * whose worker is alive, so that its own answer takes precedence.
 */
const graceAfterCallbackSeconds = 15;

/**
 * Places the call, and does not wait long for a create to report whose call is known to exist: its worker may be lost,
 * and the call be over before Temporal finds out. `callback-first`: it did not report in time.
 *
 * A placement that still waits in the queue is withdrawn when the call is to stop or to pause, or when a callback shows that
 * an earlier placement made the call. `withdrawn`: nothing was sent.
 */
export async function placeOrHearCallback(
  call: RunningCall,
  input: PlaceCallInput,
  unwanted: () => boolean,
): Promise<PlaceCallResult | { kind: 'callback-first' | 'withdrawn' }> {
  let isOver = false;
  const placing = unlessInterrupted(
    () => unwanted() || (input.placement > 1 && call.hasCallbackBeforeSid),
    () => runPlaceCall(input),
  ).finally(() => {
    isOver = true;
  });
  await Promise.race([placing, condition(() => call.hasCallbackBeforeSid)]);
  if (!isOver) {
    const summary = 'a callback came first: will the create report?';
    await Promise.race([placing, condition(() => isOver, graceAfterCallbackSeconds * 1000, { summary })]);
  }
  if (!isOver) {
    placing.catch(() => {});
    return { kind: 'callback-first' };
  }
  const placed = await placing;
  return placed === 'interrupted' ? { kind: 'withdrawn' } : placed.value;
}

/** Runs the activity; every way in which it can fail is a result, except that the call id belongs to another number. */
async function runPlaceCall(input: PlaceCallInput): Promise<PlaceCallResult> {
  try {
    return await placeCall(input);
  } catch (error) {
    // Canceled while it waited in the queue: it had not begun.
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    if (cause instanceof TimeoutFailure && cause.timeoutType === TimeoutType.SCHEDULE_TO_START)
      return { kind: 'too-late' };
    if (cause instanceof ApplicationFailure && cause.type === 'CallIdTaken') throw cause;
    // The worker could not read the input, so it began nothing.
    if (cause instanceof ApplicationFailure && cause.type === 'MissingEncryptionKey')
      return {
        kind: 'not-sent',
        why: 'a worker with the encryption key of the call',
        retryAfterSeconds: null,
      };
    const why =
      cause instanceof TimeoutFailure
        ? 'the worker that placed the call was lost or did not report back in time'
        : (cause?.message ?? error.message);
    return { kind: 'unclear', why, answered: false };
  }
}
