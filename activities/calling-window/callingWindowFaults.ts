import type { CallingWindow, CallRequest } from '../../workflows/callRequest.js';
import type { Fault } from '../validation/fault.js';
import { nextTimeInWindow } from './nextTimeInWindow.js';
import { timeZonesOf } from './timeZonesOf.js';

/**
 * The fault of a checked request for which the phone may never ring: its calling window, or else the operator's, opens in no
 * moment of 400 days in all zones of the number at once, or not between `notBefore` and `giveUpAt`. For the moment at which a
 * call is requested: a running call decides by its plan. `operatorWindow`: null if there is none, or it is not known here.
 */
export function callingWindowFaults(
  { to, callingWindow, urgent = false, notBefore, giveUpAt }: Partial<CallRequest>,
  operatorWindow: CallingWindow | null,
): Fault[] {
  const [earliest, latest] = [millisecondsOf(notBefore), millisecondsOf(giveUpAt)];
  if (earliest !== null && latest !== null && latest < earliest)
    return [{ path: 'giveUpAt', message: `is ${giveUpAt}, before notBefore (${notBefore}); must be later` }];
  const window = callingWindow ?? operatorWindow;
  // A `giveUpAt` that has passed is a fault of its own.
  const isPast = latest !== null && latest <= Date.now();
  if (to === undefined || window === null || urgent || isPast) return [];

  const timeZones = window.timeZone === undefined ? timeZonesOf(to) : [window.timeZone];
  const opensAt = nextAllowedTime(window, timeZones, Math.max(Date.now(), earliest ?? 0));
  const isOwn = callingWindow !== undefined;
  if (opensAt === null) return [neverOpens(window, timeZones, isOwn)];
  if (latest === null || opensAt <= latest) return [];
  const after = earliest !== null && earliest > Date.now() ? `after notBefore (${notBefore}) ` : '';
  const opens = `${isOwn ? 'callingWindow' : operators} first opens at ${new Date(opensAt).toISOString()}`;
  const message = `is ${giveUpAt}, but ${after}${opens} in ${shown(timeZones)}; must be later, or the window must open earlier`;
  return [{ path: 'giveUpAt', message }];
}

const operators = "the operator's window (RINGTRUE_CALLING_WINDOW)";

function neverOpens({ timeZone }: CallingWindow, timeZones: string[], isOwn: boolean): Fault {
  if (isOwn && timeZone !== undefined)
    return {
      path: 'callingWindow',
      message: `is never open within 400 days in ${timeZone}; must leave time for the phone to ring`,
    };
  const window = isOwn ? 'the window' : operators;
  const why =
    timeZones.length === 0
      ? `the time zone of the number is unknown, which ${window} needs`
      : timeZone === undefined
        ? `the number may be in ${shown(timeZones)}, and ${window} is never open in all of them at once`
        : `${window} is never open within 400 days in ${timeZone}`;
  return isOwn
    ? { path: 'callingWindow.timeZone', message: `is missing, and ${why}; must name the zone of the callee` }
    : { path: 'callingWindow', message: `is missing, and ${why}; must be a window of this call's own` };
}

/** `Europe/Berlin`; `42 time zones (America/Adak, …)`. */
function shown(timeZones: string[]): string {
  const [first = '', ...others] = timeZones;
  if (others.length === 0) return first;
  const some = timeZones.slice(0, 3).join(', ');
  return `${timeZones.length} time zones (${some}${timeZones.length > 3 ? ', …' : ''})`;
}

/** RFC 3339 allows small letters. Null when there is no such time. */
function millisecondsOf(time: string | undefined): number | null {
  return time === undefined ? null : Date.parse(time.toUpperCase());
}

const minuteMs = 60_000;
/** A million rows of a batch have few windows and few groups of zones, and a search takes milliseconds. */
const known = new Map<string, number | null>();
const maxKnown = 10_000;

/** The first moment at or after `from` at which the phone may ring; all in ms since 1970. Null: never. */
function nextAllowedTime(window: CallingWindow, timeZones: string[], from: number): number | null {
  // Windows open and close at whole minutes.
  const minute = Math.floor(from / minuteMs) * minuteMs;
  const key = JSON.stringify([minute, window, timeZones]);
  let opensAt = known.get(key);
  if (opensAt === undefined) {
    opensAt = nextTimeInWindow(window, timeZones, new Date(minute))?.getTime() ?? null;
    if (known.size >= maxKnown) known.clear();
    known.set(key, opensAt);
  }
  return opensAt === null ? null : Math.max(opensAt, from);
}
