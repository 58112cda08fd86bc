import { activityInfo, heartbeat } from '@temporalio/activity';
import type { CallUpdate } from '../workflows/callUpdate.js';
import { isTerminal } from '../workflows/twilioStatus.js';
import { couldNotAsk, notYet } from './callNotOver.js';
import { updateFromCall } from './readCall.js';
import type { World } from './world.js';

/**
 * Asks Twilio for the final word about a call. Any other word, also one that Twilio never used before, and any
 * trouble in asking is no answer: Temporal asks again.
 */
export function pollCall({ twilio }: World) {
  return async ({ callSid }: { callSid: string }): Promise<CallUpdate> => {
    // What an earlier poll saw survives in the heartbeat: that it rang is gone from the resource when the call is over.
    const rangBefore = activityInfo().heartbeatDetails?.rang === true;
    const call = await twilio
      .calls(callSid)
      .fetch()
      .catch((error) => {
        if (rangBefore) heartbeat({ rang: true });
        throw couldNotAsk('CallNotOver', error);
      });
    if (call.sid !== callSid) throw notYet('CallNotOver', `Twilio answered about another call: ${call.sid}`);
    const update = updateFromCall(call, rangBefore);
    if (isTerminal(update.status)) return update;
    if (update.rang) heartbeat({ rang: true });
    throw notYet('CallNotOver', `Twilio says: ${update.status || 'no status'}`);
  };
}
