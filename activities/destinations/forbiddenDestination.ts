import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Forbidden } from '../../workflows/callActivities.js';
import { emergencyNumbers } from './emergencyNumbers.js';

/** Where ringtrue may call: `RINGTRUE_DESTINATIONS`. */
export interface Destinations {
  /** ISO 3166, two letters. */
  countries: string[];
  /** Of numbers in E.164: `+49`. */
  prefixes: string[];
}

export type ForbiddenDestination = Extract<Forbidden, { by: 'destination' }>;

/** With leading zeros. Keeps ordinary numbers from being compared with all of them. */
const longestEmergencyNumber = 8;

/** Country calling codes, and the countries that share one. No code is the beginning of another one. */
const countriesByCode = new Map<string, string[]>();
for (const country of getCountries()) {
  const code = getCountryCallingCode(country);
  countriesByCode.set(code, [...(countriesByCode.get(code) ?? []), country]);
}

/**
 * Why this number, in E.164, must not be called, whatever else is allowed; null when it may be.
 *
 * Emergency and premium-rate numbers need a prefix that says more than their country: `+49` names a country,
 * `+49900` its premium-rate numbers. `destinations` null: every other number of any country may be called.
 */
export function forbiddenDestination(
  to: string,
  destinations: Destinations | null,
): ForbiddenDestination | null {
  const prefixes = destinations?.prefixes.filter((prefix) => to.startsWith(prefix)) ?? [];
  const { code, national } = partsOf(to);
  const isNamed = prefixes.some((prefix) => prefix.length > 1 + code.length);
  if (isNamed) return null;
  if (isEmergency(to, code, national)) return { by: 'destination', kind: 'emergency', country: null };
  const number = parsePhoneNumberFromString(to);
  const country = number?.country ?? null;
  if (number?.getType() === 'PREMIUM_RATE') return { by: 'destination', kind: 'premium-rate', country };
  if (destinations === null || prefixes.length > 0) return null;
  const isAllowed = country !== null && destinations.countries.includes(country);
  return isAllowed ? null : { by: 'destination', kind: 'elsewhere', country };
}

/** The country calling code, empty if there is no such code, and the rest. */
function partsOf(to: string): { code: string; national: string } {
  const digits = to.slice(1);
  const code = [1, 2, 3].map((length) => digits.slice(0, length)).find((start) => countriesByCode.has(start));
  return { code: code ?? '', national: digits.slice(code?.length ?? 0) };
}

/** Is it an emergency number after its country calling code, or one with nothing but a + before it? */
function isEmergency(to: string, code: string, national: string): boolean {
  if (national.length > longestEmergencyNumber) return false;
  const countries = countriesByCode.get(code) ?? [];
  const spellings = [national, national.replace(/^0+/, '')];
  return (
    countries.some((country) => spellings.some((number) => emergencyNumbers.get(country)?.test(number))) ||
    [...emergencyNumbers.values()].some((pattern) => pattern.test(to.slice(1)))
  );
}
