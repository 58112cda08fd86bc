import type { CallingWindow, CallRequest } from '../../workflows/callRequest.js';
import type { Fault } from '../validation/fault.js';
import { nextTimeInWindow } from './nextTimeInWindow.js';
import { timeZonesOf } from './timeZonesOf.js';

/**
 * The fault of a checked request whose calling window never opens: in no moment of the next 400 days in all
 * zones of the number at once. For the moment at which a call is requested: a running call decides by its plan.
 */
export function callingWindowFaults(request: Partial<CallRequest>): Fault[] {
  const { to, callingWindow: window, urgent = false } = request;
  if (to === undefined || window === undefined || urgent) return [];
  const timeZones = window.timeZone === undefined ? timeZonesOf(to) : [window.timeZone];
  if (opens(window, timeZones)) return [];
  if (window.timeZone !== undefined)
    return [
      {
        path: 'callingWindow',
        message: `is never open within 400 days in ${window.timeZone}; must leave time for the phone to ring`,
      },
    ];
  const zones =
    timeZones.length === 0
      ? 'the time zone of the number is unknown'
      : `the number may be in ${timeZones.length} time zones (${shown(timeZones)}), and the window is never open in all of them at once`;
  return [
    { path: 'callingWindow.timeZone', message: `is missing, and ${zones}; must name the zone of the callee` },
  ];
}

function shown(timeZones: string[]): string {
  return timeZones.length <= 3 ? timeZones.join(', ') : `${timeZones.slice(0, 3).join(', ')}, …`;
}

/** A million rows of a batch have few windows and few groups of zones, and a search takes milliseconds. */
const known = new Map<string, boolean>();
const maxKnown = 10_000;

function opens(window: CallingWindow, timeZones: string[]): boolean {
  const now = new Date();
  const key = JSON.stringify([now.toISOString().slice(0, 10), window, timeZones]);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= maxKnown) known.clear();
  const doesOpen = nextTimeInWindow(window, timeZones, now) !== null;
  known.set(key, doesOpen);
  return doesOpen;
}
