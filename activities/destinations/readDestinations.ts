import { isSupportedCountry } from 'libphonenumber-js/max';
import { show } from '../validation/fault.js';
import type { Destinations } from './forbiddenDestination.js';

const right = 'countries (ISO 3166, two letters) and prefixes, separated by commas, such as US,CA,+49';

/** The countries and prefixes of `US,CA,+49`, and every fault in it. */
export function readDestinations(text: string): { destinations: Destinations; faults: string[] } {
  const destinations: Destinations = { countries: [], prefixes: [] };
  const faults: string[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    const country = entry.toUpperCase();
    if (/^\+[1-9]\d{0,14}$/.test(entry)) destinations.prefixes.push(entry);
    else if (/^[A-Z]{2}$/.test(country) && isSupportedCountry(country)) destinations.countries.push(country);
    else faults.push(`names ${show(entry)}, ${faultOf(country)}; must be ${right}`);
  }
  return { destinations, faults };
}

function faultOf(entry: string): string {
  if (entry === 'UK') return 'which is no country of ISO 3166 (the United Kingdom is GB)';
  if (/^[A-Z]{2}$/.test(entry)) return 'which is no country with a calling code';
  return /^\d+$/.test(entry) ? 'a prefix without its +' : 'neither a country nor a prefix';
}
