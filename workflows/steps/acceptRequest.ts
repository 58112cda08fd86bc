import { ApplicationFailure } from '@temporalio/workflow';
import { acceptAndLookUp } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import type { Forbidden } from '../callActivities.js';
import type { LookupEvidence } from '../callOutcome.js';
import { forbiddenMessage } from '../rules/wording.js';

/**
 * Validates the request, freezes the plan that the call goes by, and performs Lookup. One activity for all of it: each one
 * costs a task, history and, on Temporal Cloud, money. Therefore it also places a call that has nothing to wait for, and
 * `placeCallOnce` goes on from there.
 *
 * Returns why the number must not be dialed, if that is known already; else null. Fails the workflow with
 * `InvalidCallRequest`, which names every fault.
 */
export async function acceptRequest(call: RunningCall): Promise<Forbidden | null> {
  const { callId, request, startedAt, batchId, requestedBy } = call;
  const accepted = await acceptAndLookUp({ callId, request, startedAt, batchId, requestedBy });
  if (!accepted.accepted)
    throw ApplicationFailure.nonRetryable(
      `The call request is not valid, and nothing was dialed: ${accepted.faults.join('; ')}`,
      'InvalidCallRequest',
      accepted.faults,
    );
  const { plan, lookup, forbidden = null, placed = null } = accepted;
  call.accept(plan, lookup, placed);
  if (lookup) noteLookup(call, lookup, plan.requestedTo !== undefined);
  if (forbidden) call.note(`not dialed: ${forbiddenMessage(forbidden)}`);
  return forbidden;
}

function noteLookup(call: RunningCall, lookup: LookupEvidence, isRespelled: boolean): void {
  const answer =
    lookup.valid === null ? 'gave no answer' : lookup.valid ? 'valid number' : 'not a valid number';
  const line = [lookup.lineType, lookup.lineStatus].filter(Boolean).join(', ');
  const spelling = isRespelled ? '; the call goes by its spelling of the number' : '';
  call.note(`Lookup: ${answer}${line && ` (${line})`}${spelling}`);
}
