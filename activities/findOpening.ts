import type { Opening } from '../workflows/callActivities.js';
import type { CallingWindow } from '../workflows/callRequest.js';
import { nextOpening } from './callingWindow.js';
import { timeZonesOf } from './timeZonesOf.js';

/**
 * The first moment at or after `from` at which the phone may ring. Without a zone of its own the window must be
 * open in every zone where the number may be at home. `opensAt` is null when that never happens, or when nothing
 * is known of the number's zone: rather no call than one in somebody's night.
 *
 * An activity and no rule of the workflow, because time zone data changes between releases of Node.js.
 */
export async function findOpening({
  to,
  window,
  from,
}: {
  to: string;
  window: CallingWindow;
  from: string;
}): Promise<Opening> {
  const timeZones = window.timeZone === undefined ? await timeZonesOf(to) : [window.timeZone];
  return { opensAt: nextOpening(window, timeZones, new Date(from))?.toISOString() ?? null, timeZones };
}
