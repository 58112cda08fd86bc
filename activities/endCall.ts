import type { FinalWord } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/twilioStatus.js';
import { couldNotAsk, notYet } from './callNotOver.js';
import { withHeard } from './heardBefore.js';
import { updateFromCall } from './readCall.js';
import { TwilioAnswer } from './twilioAnswer.js';
import type { World } from './world.js';

/** "Call is not in a state for this operation": it has ended in the meantime. */
const callIsOver = 21220;

/**
 * Ends a call and hears what Twilio says of it. `canceled` stops a call that was not answered, and has no
 * effect on one that was; `completed` hangs up. Both may be repeated. Source: Twilio, "Update a Call resource".
 */
export function endCall(world: World) {
  const { twilio } = world;
  return async ({ callSid }: { callSid: string }): Promise<FinalWord> => {
    const resource = twilio.calls(callSid);
    const read = () =>
      resource.fetch().then(
        (call) => {
          if (call.sid !== callSid)
            throw notYet('CallNotOver', `Twilio answered about another call: ${call.sid}`);
          return updateFromCall(call, false);
        },
        (error) => {
          throw couldNotAsk('CallNotOver', error);
        },
      );
    const before = await read();
    if (isTerminal(before.status)) return withHeard(world, before);
    const answered = before.status === 'in-progress';
    await resource.update({ status: answered ? 'completed' : 'canceled' }).catch((error) => {
      if (!(error instanceof TwilioAnswer && error.error.code === callIsOver))
        throw couldNotAsk('CallNotOver', error);
    });
    const after = await read();
    if (isTerminal(after.status)) return withHeard(world, { ...after, rang: after.rang || before.rang });
    throw notYet('CallNotOver', `asked to end, Twilio says: ${after.status || 'no status'}`);
  };
}
