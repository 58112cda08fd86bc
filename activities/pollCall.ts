import { activityInfo, heartbeat } from '@temporalio/activity';
import type { FinalWord } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/twilioStatus.js';
import { couldNotAsk, notYet } from './callNotOver.js';
import { secondsOfSilence, withHeard } from './heardBefore.js';
import { updateFromCall } from './readCall.js';
import type { World } from './world.js';

/**
 * Asks Twilio for the final word about a call. Any other word, also one that Twilio never used before, and any
 * trouble in asking is no answer: Temporal asks again.
 */
export function pollCall(world: World) {
  const { twilio } = world;
  return async ({ callSid, patienceSeconds }: Order): Promise<FinalWord> => {
    // What an earlier poll saw survives in the heartbeat: that it rang is gone from the resource when the call is over.
    const rangBefore = activityInfo().heartbeatDetails?.rang === true;
    if (activityInfo().attempt === 1 && patienceSeconds !== undefined) {
      const silent = await secondsOfSilence(world, callSid);
      if (silent !== null && silent < patienceSeconds)
        throw notYet('CallNotOver', 'callbacks come: not asked yet', Math.ceil(patienceSeconds - silent));
    }
    const call = await twilio
      .calls(callSid)
      .fetch()
      .catch((error) => {
        if (rangBefore) heartbeat({ rang: true });
        throw couldNotAsk('CallNotOver', error);
      });
    if (call.sid !== callSid) throw notYet('CallNotOver', `Twilio answered about another call: ${call.sid}`);
    const update = updateFromCall(call, rangBefore);
    if (isTerminal(update.status)) return withHeard(world, update);
    if (update.rang) heartbeat({ rang: true });
    throw notYet('CallNotOver', `Twilio says: ${update.status || 'no status'}`);
  };
}

interface Order {
  callSid: string;
  /** Silence after which Twilio is asked. The call may have been told of less than callbacks said: postponed once for those. */
  patienceSeconds?: number;
}
