import { findAllowedTime, markWaiting } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import { isPast, secondsUntil } from '../call/workflowTime.js';
import type { NotPlaced } from '../rules/decision.js';
import { isAfter } from '../rules/retry.js';
import { unlessInterrupted } from './unlessInterrupted.js';

/** Timers are set for at most this long at once; what they wait for is looked at again when they fire. */
const maxTimerSeconds = 7 * 86_400;

type NextTime =
  | { at: string; by: 'not-before' | 'rescheduled' | 'calling-window'; why: string }
  | { neverOpenIn: string[] };

/**
 * Waits until the phone may ring: not before `notBefore`, inside the calling window, which is looked at again at the moment
 * itself, and not while the call is paused. Null: now. Somebody may reschedule the moment meanwhile.
 */
export async function waitUntilAllowed(
  call: RunningCall,
  superseded: () => boolean,
): Promise<'superseded' | NotPlaced | null> {
  const { controls, plan } = call;
  for (;;) {
    if (superseded()) return 'superseded';
    if (call.cancelRequested) return { by: 'canceled' };
    if (isPast(plan.giveUpAt)) return { by: 'give-up-at' };
    const { rescheduledTo } = controls;
    const next = await unlessInterrupted(
      () => call.cancelRequested,
      () => nextAllowedTime(call, rescheduledTo),
    );
    if (next === 'interrupted' || controls.rescheduledTo !== rescheduledTo) continue;
    const time = next.value;
    if ('neverOpenIn' in time) return { by: 'window-never-opens', timeZones: time.neverOpenIn };
    const interrupted = () =>
      call.cancelRequested || controls.rescheduledTo !== rescheduledTo || superseded();
    if (secondsUntil(time.at) > 0) {
      if (isAfter(time.at, plan.giveUpAt)) return { by: 'give-up-at' };
      call.enterWait('waiting', `${time.why}: ${time.at}`, time.at);
      await markWaiting(call.callId, { by: time.by, until: time.at });
      await waitUntil(call, time.at, time.why, interrupted);
    } else if (controls.paused) {
      await waitForResume(call, interrupted);
    } else {
      controls.rescheduledTo = null;
      return null;
    }
  }
}

/** Waits until `time` in timers of at most a week, or until `interrupted()` holds. */
export async function waitUntil(
  call: RunningCall,
  time: string,
  summary: string,
  interrupted: () => boolean,
): Promise<void> {
  while (!interrupted() && secondsUntil(time) > 0)
    await call.waitFor(interrupted, Math.min(secondsUntil(time), maxTimerSeconds), summary);
}

/** Waits until somebody resumes the call, or `giveUpAt` comes: one wait, however long, that costs nothing meanwhile. */
async function waitForResume(call: RunningCall, interrupted: () => boolean): Promise<void> {
  const { controls, plan } = call;
  const resumed = () => !controls.paused || interrupted();
  call.enterWait('waiting', null, null);
  await markWaiting(call.callId, { by: 'paused-call', until: null });
  if (plan.giveUpAt === null) await call.waitFor(resumed, null, controls.waitingToResume);
  else await waitUntil(call, plan.giveUpAt, controls.waitingToResume, resumed);
}

/** The earliest time for the next attempt, or the zones in which the window is never open at once. */
async function nextAllowedTime({ plan }: RunningCall, rescheduledTo: string | null): Promise<NextTime> {
  const now = new Date().toISOString();
  const earliest = rescheduledTo ?? plan.notBefore;
  const from = earliest === null || isPast(earliest) ? now : new Date(earliest).toISOString();
  if (plan.callingWindow === null || plan.urgent) {
    return rescheduledTo === null
      ? { at: from, by: 'not-before', why: 'notBefore, the earliest time for a first attempt' }
      : { at: from, by: 'rescheduled', why: 'the time that the next attempt was rescheduled to' };
  }
  const { opensAt, timeZones } = await findAllowedTime({ to: plan.to, window: plan.callingWindow, from });
  if (opensAt === null) return { neverOpenIn: timeZones };
  // Open at the moment that was asked for: then that is what the call waits for.
  if (opensAt === from && rescheduledTo !== null)
    return { at: opensAt, by: 'rescheduled', why: 'the time that the next attempt was rescheduled to' };
  const zones = timeZones.length > 3 ? `${timeZones.length} time zones` : timeZones.join(', ');
  return { at: opensAt, by: 'calling-window', why: `the calling window to open in ${zones}` };
}
