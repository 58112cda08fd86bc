import { activityInfo, log } from '@temporalio/activity';
import type { FinalWord } from '../workflows/callActivities.js';
import type { CallUpdate } from '../workflows/callUpdate.js';
import type { World } from './world.js';

/** A final word, with what callbacks said of this Twilio call that was only written down. */
export async function withHeard(world: World, update: CallUpdate): Promise<FinalWord> {
  const heard = await heardOf(world, update.callSid);
  return heard.length === 0 ? update : { ...update, heard };
}

/** Seconds since something happened of which a callback told that was only written down; null when none did. */
export async function secondsOfSilence(world: World, callSid: string): Promise<number | null> {
  const heard = await heardOf(world, callSid);
  const times = heard.flatMap(({ at }) => (at === null ? [] : [Date.parse(at)]));
  if (times.length === 0) return null;
  // By Twilio's clock.
  return world.twilio.clockAheadSeconds() + (Date.now() - Math.max(...times)) / 1000;
}

async function heardOf({ store }: World, callSid: string): Promise<CallUpdate[]> {
  const callId = activityInfo().workflowExecution?.workflowId ?? '';
  const heard = await store.progressOf({ callId, callSid }).catch((error: unknown) => {
    log.warn('What was noted of a call could not be read: it is decided without', { error });
    return null;
  });
  return heard ?? [];
}
