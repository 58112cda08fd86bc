import type { BatchActivities } from '../workflows/batchActivities.js';
import type { CallActivities } from '../workflows/callActivities.js';
import { acceptAndLookUp } from './acceptAndLookUp.js';
import { claimCall } from './claimCall.js';
import { endCall } from './endCall.js';
import { feedBatch } from './feedBatch.js';
import { findCall } from './findCall.js';
import { findOpening } from './findOpening.js';
import { keepDeadLetter } from './keepDeadLetter.js';
import { notifyOutcome } from './notifyOutcome.js';
import { type OnClaim, placeCall } from './placeCall.js';
import { pollCall } from './pollCall.js';
import { readFailure } from './readFailure.js';
import { recordAttempt } from './recordAttempt.js';
import { recordOutcome } from './recordOutcome.js';
import { steerBatch } from './steerBatch.js';
import { createTwilioClient } from './twilioClient.js';
import { webhookId } from './webhookId.js';
import type { World } from './world.js';

export type { ActivityEvent } from './world.js';

/** The hands of calls and batches: every activity of `callActivities.ts` and `batchActivities.ts`, acting on this Twilio account and this store. */
export function createActivities(deps: Omit<World, 'twilio'>): CallActivities & BatchActivities {
  const world: World = { ...deps, twilio: createTwilioClient(deps.settings.twilio) };
  return {
    acceptAndLookUp: acceptAndLookUp(world),
    findOpening,
    placeCall: placeCall(world),
    findCall: findCall(world),
    claimCall: claimCall(world),
    pollCall: pollCall(world),
    endCall: endCall(world),
    readFailure: readFailure(world),
    noteWaiting: (input) => world.store.noteWaiting(input),
    recordAttempt: recordAttempt(world),
    recordOutcome: recordOutcome(world),
    notifyOutcome: notifyOutcome(world),
    keepDeadLetter: keepDeadLetter(world),
    settleDeadLetter: (notification) => world.store.settleDeadLetter(webhookId(notification)),
    feedBatch: feedBatch(world),
    steerBatch: steerBatch(world),
  };
}

/** The one activity of the dial queue. */
export function createDialling(
  deps: Omit<World, 'twilio' | 'callStarter'>,
  onClaim: OnClaim,
  onAsk: OnClaim = () => () => {},
): Pick<CallActivities, 'placeCall'> {
  return {
    placeCall: placeCall({ ...deps, twilio: createTwilioClient(deps.settings.twilio) }, onClaim, onAsk),
  };
}
