import { activityInfo, heartbeat } from '@temporalio/activity';
import type { FinalWord } from '../workflows/callActivities.js';
import type { CallUpdate } from '../workflows/callUpdate.js';
import { notYet } from './callNotOver.js';
import type { World } from './world.js';

/**
 * A final word, with what callbacks said of this Twilio call that was only written down. Fails like a word that is not final
 * while the store is away: without it nothing can be recorded anyway, and that it rang must not be lost.
 */
export async function withHeard(world: World, update: CallUpdate): Promise<FinalWord> {
  try {
    const heard = await heardOf(world, update.callSid);
    return heard.length === 0 ? update : { ...update, heard };
  } catch (error) {
    if (update.rang) heartbeat({ rang: true });
    const why = error instanceof Error ? error.message : String(error);
    throw notYet('CallNotOver', `over (${update.status}), but what callbacks said cannot be read: ${why}`);
  }
}

/** Twilio's clock is read to the second, so what has just happened may seem to lie ahead. */
const clockMayErrBySeconds = 5;

/** Seconds since something happened of which a callback told that was only written down; null when none is known of. */
export async function secondsOfSilence(world: World, callSid: string): Promise<number | null> {
  const heard = await heardOf(world, callSid).catch(() => []);
  const times = heard.flatMap(({ at }) => (at === null ? [] : [Date.parse(at)]));
  if (times.length === 0) return null;
  const seconds = world.twilio.clockAheadSeconds() + (Date.now() - Math.max(...times)) / 1000;
  return seconds < -clockMayErrBySeconds ? null : Math.max(0, seconds);
}

async function heardOf({ store }: World, callSid: string): Promise<CallUpdate[]> {
  const callId = activityInfo().workflowExecution?.workflowId ?? '';
  return (await store.progressOf({ callId, callSid })) ?? [];
}
