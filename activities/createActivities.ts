import type { BatchActivities } from '../workflows/batch/batchActivities.js';
import type { BulkActivities } from '../workflows/bulk/bulkActivities.js';
import type { CallActivities } from '../workflows/callActivities.js';
import { acceptAndLookUp } from './acceptAndLookUp.js';
import { twilioClients } from './accounts/twilioClients.js';
import { applyBulkOperation } from './bulk/applyBulkOperation.js';
import { findAllowedTime } from './calling-window/findAllowedTime.js';
import { type ActivityDeps, ofAccount } from './deps/activityDeps.js';
import { endCall } from './endCall.js';
import { endDuplicateCall } from './endDuplicateCall.js';
import { feedBatch } from './feedBatch.js';
import { fetchErrorCode } from './fetchErrorCode.js';
import { findUnclearCall } from './findUnclearCall.js';
import { keepDeadLetter } from './keepDeadLetter.js';
import { notifyOutcome } from './notifyOutcome.js';
import { type OnStage, placeCall } from './place-call/placeCall.js';
import { pollCall } from './pollCall.js';
import { recordOutcome } from './recordOutcome.js';
import { webhookId } from './webhooks/webhookId.js';

export type { ActivityEvent } from './deps/activityDeps.js';

type AllActivities = CallActivities & BatchActivities & BulkActivities;

/**
 * The hands of calls, batches and bulk operations: every activity of `callActivities.ts`, `batchActivities.ts` and
 * `bulkActivities.ts`, acting on the configured Twilio accounts and this store.
 */
export function createActivities(deps: Omit<ActivityDeps, 'twilio'>): AllActivities {
  const { store, emit } = deps;
  const twilio = twilioClients((account, refusal) =>
    emit({
      ...(refusal === null
        ? { kind: 'reads-ok' }
        : { kind: 'reads-refused', code: refusal.code, message: refusal.message }),
      ...ofAccount(account),
    }),
  );
  const allDeps: ActivityDeps = { ...deps, twilio };
  return {
    acceptAndLookUp: acceptAndLookUp(allDeps),
    findAllowedTime,
    placeCall: placeCall(allDeps),
    awaitDialing: async () => {},
    findUnclearCall: findUnclearCall(allDeps),
    recordCallSid: (input) => store.settlePlacement({ ...input, result: 'created' }).then(() => {}),
    pollCall: pollCall(allDeps),
    endCall: endCall(allDeps),
    endDuplicateCall: endDuplicateCall(allDeps),
    fetchErrorCode: fetchErrorCode(allDeps),
    markWaiting: (input) => store.markWaiting(input),
    recordAttempt: (input) => store.saveAttempt(input),
    recordOutcome: recordOutcome(allDeps),
    notifyOutcome: notifyOutcome(allDeps),
    keepDeadLetter: keepDeadLetter(allDeps),
    settleDeadLetter: (notification) => store.markDeadLetterDelivered(webhookId(notification)),
    feedBatch: feedBatch(allDeps),
    controlBatch: async (control) => {
      await store.controlBatch(control);
      return store.finishStep(control.batchId);
    },
    applyBulkOperation: applyBulkOperation(allDeps),
    stopBulkOperation: (stop) => store.stopBulkOperation(stop),
  };
}

/** Splits the activities by the worker that runs them; `-dial` and `-stopped` create their own. */
export function activitiesByQueue(all: AllActivities) {
  const { placeCall: _dial, awaitDialing: _stopped, notifyOutcome, ...others } = all;
  const { pollCall, endCall, endDuplicateCall, findUnclearCall, fetchErrorCode, ...main } = others;
  return {
    main,
    read: { pollCall, endCall, endDuplicateCall, findUnclearCall, fetchErrorCode },
    notify: { notifyOutcome },
  };
}

/** The one activity of a dial queue. */
export function createPlaceCallActivity(
  deps: Omit<ActivityDeps, 'twilio' | 'callStarter'>,
  onClaim: OnStage,
  onCheck: OnStage = () => () => {},
): Pick<CallActivities, 'placeCall'> {
  return {
    placeCall: placeCall({ ...deps, twilio: twilioClients() }, onClaim, onCheck),
  };
}
