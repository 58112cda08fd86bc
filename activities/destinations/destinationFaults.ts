import { type Fault, show } from '../validation/fault.js';
import {
  type Destinations,
  type ForbiddenDestination,
  forbiddenDestination,
} from './forbiddenDestination.js';

/**
 * The fault of a request whose destination must not be called. For the moment at which a call is requested:
 * a running call is canceled instead, since the setting may have changed meanwhile.
 */
export function destinationFaults(to: string, destinations: Destinations | null): Fault[] {
  const forbidden = forbiddenDestination(to, destinations);
  return forbidden === null
    ? []
    : [{ path: 'to', message: `is ${show(to)}, ${faultOf(forbidden, destinations)}` }];
}

function faultOf({ kind, country }: ForbiddenDestination, destinations: Destinations | null): string {
  if (kind !== 'elsewhere') {
    const what = kind === 'emergency' ? 'an emergency number' : 'a premium-rate number';
    return `${what}; must be another one (or a prefix in RINGTRUE_DESTINATIONS must name it)`;
  }
  const { countries = [], prefixes = [] } = destinations ?? {};
  const where = country === null ? 'of no known country' : `a number of ${country}`;
  return `${where}; must be where RINGTRUE_DESTINATIONS allows calls: ${[...countries, ...prefixes].join(', ')}`;
}
