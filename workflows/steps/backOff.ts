import { awaitDialing, markWaiting } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import { secondsUntil } from '../call/workflowTime.js';
import type { Hindrance, WaitingFor } from '../callActivities.js';
import { hindranceMessage } from '../rules/wording.js';
import { unlessInterrupted } from './unlessInterrupted.js';

/**
 * Back-off while Twilio, the account or the store is in trouble: it doubles up to half a minute, and after some ten minutes up
 * to five minutes, so that a long trouble does not fill the history.
 */
const maxBackOffSeconds = 30;
const manyBackOffs = 20;
const maxLateBackOffSeconds = 300;

/** Waits, visibly, before the placement is tried again; ends early when it is not wanted any more or a callback comes. */
export async function backOff(
  call: RunningCall,
  wait: {
    by: WaitingFor;
    why: string;
    seconds: number;
    until: string | null;
    isFirst: boolean;
    interrupted: () => boolean;
  },
): Promise<void> {
  const { giveUpAt } = call.plan;
  const left = giveUpAt === null ? Number.POSITIVE_INFINITY : secondsUntil(giveUpAt);
  const seconds = Math.min(Math.max(1, wait.seconds), left);
  call.note(`not dialed yet: waiting for ${wait.why}`);
  if (wait.isFirst) await markWaiting(call.callId, { by: wait.by, until: wait.until });
  call.enter('waiting', wait.why, wait.until);
  await call.waitFor(
    () => wait.interrupted() || call.hasCallbackBeforeSid,
    seconds,
    `not dialed yet: waiting for ${wait.why}`,
  );
}

/** Does something stand in the way of every call of the account, until somebody or something ends it? */
export function isStop(hindrance: Hindrance): boolean {
  switch (hindrance.by) {
    case 'paused':
    case 'unconfigured-account':
      return true;
    case 'breaker':
      return !hindrance.prefixes;
    case 'eligibility':
      return hindrance.everyCall;
    default:
      return false;
  }
}

/** Waits, visibly and at no cost, until dialing is not stopped any more; ends early as `backOff` does. */
export async function waitWhileStopped(
  call: RunningCall,
  hindrance: Hindrance,
  interrupted: () => boolean,
): Promise<void> {
  const { giveUpAt } = call.plan;
  const why = hindranceMessage(hindrance);
  call.note(`not dialed yet: waiting for ${why}`);
  await markWaiting(call.callId, { by: hindrance.by, until: null });
  call.enter('waiting', why);
  call.publish();
  await unlessInterrupted(
    () => interrupted() || call.controls.paused || call.hasCallbackBeforeSid,
    () => awaitDialing(call.plan.account),
    giveUpAt === null ? null : { seconds: Math.max(1, secondsUntil(giveUpAt)), summary: 'giveUpAt' },
  );
}

export function backOffSeconds(backOffs: number): number {
  return Math.min(2 ** backOffs, backOffs < manyBackOffs ? maxBackOffSeconds : maxLateBackOffSeconds);
}
