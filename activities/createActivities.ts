import type { BatchActivities } from '../workflows/batch/batchActivities.js';
import type { CallActivities } from '../workflows/callActivities.js';
import { acceptAndLookUp } from './acceptAndLookUp.js';
import { controlBatch } from './controlBatch.js';
import type { ActivityDeps } from './deps.js';
import { endCall } from './endCall.js';
import { endDuplicateCall } from './endDuplicateCall.js';
import { feedBatch } from './feedBatch.js';
import { fetchErrorCode } from './fetchErrorCode.js';
import { findAllowedTime } from './findAllowedTime.js';
import { findUnclearCall } from './findUnclearCall.js';
import { keepDeadLetter } from './keepDeadLetter.js';
import { notifyOutcome } from './notifyOutcome.js';
import { type OnStage, placeCall } from './placeCall.js';
import { pollCall } from './pollCall.js';
import { recordAttempt } from './recordAttempt.js';
import { recordCallSid } from './recordCallSid.js';
import { recordOutcome } from './recordOutcome.js';
import { createTwilioClient } from './twilio/twilioClient.js';
import { webhookId } from './webhooks/webhookId.js';

export type { ActivityEvent } from './deps.js';

/** The hands of calls and batches: every activity of `callActivities.ts` and `batchActivities.ts`, acting on this Twilio account and this store. */
export function createActivities(deps: Omit<ActivityDeps, 'twilio'>): CallActivities & BatchActivities {
  const allDeps: ActivityDeps = { ...deps, twilio: createTwilioClient(deps.settings.twilio) };
  return {
    acceptAndLookUp: acceptAndLookUp(allDeps),
    findAllowedTime,
    placeCall: placeCall(allDeps),
    awaitDialing: async () => {},
    findUnclearCall: findUnclearCall(allDeps),
    recordCallSid: recordCallSid(allDeps),
    pollCall: pollCall(allDeps),
    endCall: endCall(allDeps),
    endDuplicateCall: endDuplicateCall(allDeps),
    fetchErrorCode: fetchErrorCode(allDeps),
    markWaiting: (input) => allDeps.store.markWaiting(input),
    recordAttempt: recordAttempt(allDeps),
    recordOutcome: recordOutcome(allDeps),
    notifyOutcome: notifyOutcome(allDeps),
    keepDeadLetter: keepDeadLetter(allDeps),
    settleDeadLetter: (notification) => allDeps.store.markDeadLetterDelivered(webhookId(notification)),
    feedBatch: feedBatch(allDeps),
    controlBatch: controlBatch(allDeps),
  };
}

/** The one activity of the dial queue. */
export function createPlaceCallActivity(
  deps: Omit<ActivityDeps, 'twilio' | 'callStarter'>,
  onClaim: OnStage,
  onCheck: OnStage = () => () => {},
): Pick<CallActivities, 'placeCall'> {
  return {
    placeCall: placeCall({ ...deps, twilio: createTwilioClient(deps.settings.twilio) }, onClaim, onCheck),
  };
}
