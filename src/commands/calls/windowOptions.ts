import type { CallingWindow } from '../../../workflows/callRequest.js';
import { UsageError } from '../../terminal/apiOptions.js';

/** The options of `ringtrue call` that say when the phone may ring. */
export interface WindowOptions {
  /** `HH:MM-HH:MM` each. */
  window?: string[];
  /** `1-5`, `6,7`, `1,3-5`. */
  days?: string;
  timeZone?: string;
  blockedDates?: string[];
}

/** The `callingWindow` of these options; undefined if there is none. The API checks hours and dates. */
export function callingWindowOf(options: WindowOptions): CallingWindow | undefined {
  const { window, days, timeZone, blockedDates } = options;
  if (window === undefined) {
    const astray = { '--days': days, '--time-zone': timeZone, '--blocked-dates': blockedDates };
    for (const [option, value] of Object.entries(astray))
      if (value !== undefined)
        throw new UsageError(`${option} needs --window, which is missing; add --window 08:00-21:00`);
    return undefined;
  }
  const ranges = window.map((hours) => ({ ...rangeOf(hours), ...(days && { days: daysOf(days) }) }));
  return {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(ranges.length === 1 ? ranges[0] : { ranges }),
    ...(blockedDates && { blockedDates }),
  };
}

function rangeOf(hours: string): { start: string; end: string } {
  const [, start, end] = /^([^-]+)-([^-]+)$/.exec(hours) ?? [];
  if (start === undefined || end === undefined)
    throw new UsageError(`--window ${JSON.stringify(hours)} must be HH:MM-HH:MM, such as 08:00-21:00`);
  return { start, end };
}

function daysOf(text: string): number[] {
  const days = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^([1-7])(?:-([1-7]))?$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first))
      throw new UsageError(
        `--days ${JSON.stringify(text)} must be days from 1 (Monday) to 7, such as 1-5 or 1,3,6-7`,
      );
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, later) => Number(first) + later);
  });
  return [...new Set(days)];
}
