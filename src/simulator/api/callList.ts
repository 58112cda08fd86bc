import type { Unconfirmed } from '../simulatorOptions.js';
import { refusalOf, type TwilioRefusal } from '../twilioErrors.js';
import type { SeenCall } from './callResource.js';

/** Does this call belong in the requested list? */
export type CallFilter = (seen: SeenCall) => boolean;

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  '': (a, b) => a === b,
  '<': (a, b) => a < b,
  '>': (a, b) => a >= b,
  // `StartTime>=…` arrives as a parameter with this name if it is not percent-encoded.
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

/** Reads the filters of a list of calls. `>` is on or after, `<` before. Source: Twilio's Call resource. */
export function callFilter(
  query: URLSearchParams,
  unconfirmed: Pick<Unconfirmed, 'timeFilter' | 'startTimeMatchesQueued'>,
): { filter: CallFilter } | { refusal: TwilioRefusal } {
  const filters: CallFilter[] = [];
  const matching = (name: string, fieldOf: (seen: SeenCall) => string | null) => {
    const value = query.get(name);
    if (value !== null) filters.push((seen) => fieldOf(seen) === value);
  };
  matching('To', ({ call }) => call.request.to);
  matching('From', ({ call }) => call.request.from);
  matching('Status', ({ status }) => status);
  matching('ParentCallSid', () => null);
  for (const name of ['StartTime', 'EndTime'] as const) {
    for (const [sign, holds] of Object.entries(comparisons)) {
      const text = query.get(name + sign);
      if (text === null) continue;
      const limit = timeOf(text, unconfirmed.timeFilter);
      if (limit === null) {
        return { refusal: refusalOf(20422, { message: `${name}${sign} must be a date, YYYY-MM-DD` }) };
      }
      filters.push(({ moment }) => {
        const time = name === 'StartTime' ? moment.startedAt : moment.endedAt;
        if (time === null) return name === 'StartTime' && unconfirmed.startTimeMatchesQueued;
        return holds(rounded(time.getTime(), unconfirmed.timeFilter), limit);
      });
    }
  }
  return { filter: (seen) => filters.every((fits) => fits(seen)) };
}

function timeOf(text: string, granularity: Unconfirmed['timeFilter']): number | null {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : rounded(time, granularity);
}

function rounded(time: number, granularity: Unconfirmed['timeFilter']): number {
  const unit = granularity === 'date' ? 86_400_000 : 1000;
  return Math.floor(time / unit) * unit;
}
