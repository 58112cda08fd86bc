import type { AllowedTime } from '../../workflows/callActivities.js';
import type { CallingWindow, CallPlan } from '../../workflows/callRequest.js';
import { nextTimeInWindow } from './nextTimeInWindow.js';
import { timeZonesOf } from './timeZonesOf.js';

/**
 * The first moment at or after `from` at which the phone of this call may ring: `from` itself for a call that
 * is urgent or has no window.
 *
 * If the window names no zone, it must be open in every zone where the number may be at home. `opensAt` is
 * null when that never happens, or when the number's zone is unknown: no call is better than a call at night.
 */
export async function nextAllowedTime(
  { to, callingWindow: window, urgent }: Pick<CallPlan, 'to' | 'callingWindow' | 'urgent'>,
  from: Date,
): Promise<AllowedTime> {
  if (window === null || urgent) return { opensAt: from.toISOString(), timeZones: [] };
  const timeZones = window.timeZone === undefined ? timeZonesOf(to) : [window.timeZone];
  return { opensAt: nextTimeInWindow(window, timeZones, from)?.toISOString() ?? null, timeZones };
}

/**
 * As `nextAllowedTime`. An activity and no rule of the workflow, because time zone data changes between
 * releases of Node.js.
 */
export async function findAllowedTime(input: {
  to: string;
  window: CallingWindow;
  from: string;
}): Promise<AllowedTime> {
  return nextAllowedTime({ to: input.to, callingWindow: input.window, urgent: false }, new Date(input.from));
}
