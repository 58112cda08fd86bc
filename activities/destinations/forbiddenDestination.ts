import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  Metadata,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
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

/** Digits after the country calling code that say what kind of number it is. */
const shortestArea = 2;
/** With its +. Source: ITU-T E.164. */
const longestNumber = 16;

/** Country calling codes, and the countries that share one. No code is the beginning of another one. */
const countriesByCode = new Map<string, CountryCode[]>();
for (const country of getCountries()) {
  const code = getCountryCallingCode(country);
  countriesByCode.set(code, [...(countriesByCode.get(code) ?? []), country]);
}

/**
 * Why this number, in E.164, must not be called, whatever else is allowed; null when it may be.
 *
 * Only the whole of an emergency number names it, and only the beginning of nothing but premium-rate numbers names those:
 * `+49900` does, `+49` and `+491` do not. `destinations` null: every other number of any country may be called.
 */
export function forbiddenDestination(
  to: string,
  destinations: Destinations | null,
): ForbiddenDestination | null {
  const prefixes = destinations?.prefixes.filter((prefix) => to.startsWith(prefix)) ?? [];
  const { code, national } = partsOf(to);
  if (isEmergency(to, code, national))
    return prefixes.includes(to) ? null : { by: 'destination', kind: 'emergency', country: null };
  const country = parsePhoneNumberFromString(to)?.country ?? null;
  if (isPremiumRate(to, code))
    return prefixes.some((prefix) => namesPremiumRate(prefix))
      ? null
      : { by: 'destination', kind: 'premium-rate', country };
  if (destinations === null || prefixes.length > 0) return null;
  const isAllowed = country !== null && destinations.countries.includes(country);
  return isAllowed ? null : { by: 'destination', kind: 'elsewhere', country };
}

/**
 * Is it a premium-rate number, or the beginning of one? A number that is too long or too short for its country is one if any
 * number of the right length that begins like it is: networks may ignore what is dialed too much.
 */
function isPremiumRate(to: string, code: string): boolean {
  const type = parsePhoneNumberFromString(to)?.getType();
  if (type !== undefined) return type === 'PREMIUM_RATE';
  for (let end = to.length; end >= 1 + code.length + shortestArea; end--)
    if (beginsPremiumRate(to.slice(0, end), '2')) return true;
  return false;
}

/** Does a premium-rate number begin like this, and go on with only this digit? */
function beginsPremiumRate(beginning: string, digit: string): boolean {
  const key = beginning + digit;
  let begins = knownBeginnings.get(key);
  if (begins === undefined) {
    begins = numberLengths(partsOf(beginning).code)
      .filter((length) => length >= beginning.length)
      .map((length) => beginning.padEnd(length, digit))
      .some((padded) => parsePhoneNumberFromString(padded)?.getType() === 'PREMIUM_RATE');
    if (knownBeginnings.size >= mostKnownBeginnings) knownBeginnings.clear();
    knownBeginnings.set(key, begins);
  }
  return begins;
}

/** The numbers of a list often begin alike. */
const knownBeginnings = new Map<string, boolean>();
const mostKnownBeginnings = 20_000;

/** How long a number with this country calling code can be, with its +. */
function numberLengths(code: string): number[] {
  let lengths = lengthsByCode.get(code);
  if (!lengths) {
    lengths = [...new Set((countriesByCode.get(code) ?? []).flatMap(nationalLengths))].map(
      (length) => 1 + code.length + length,
    );
    // Of a code of no country nothing is known.
    if (lengths.length === 0) lengths = Array.from({ length: longestNumber }, (_, n) => n + 1);
    lengthsByCode.set(code, lengths);
  }
  return lengths;
}

const lengthsByCode = new Map<string, number[]>();

function nationalLengths(country: CountryCode): number[] {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  return metadata.numberingPlan?.possibleLengths() ?? [];
}

/** Of the prefixes of the setting, which are few. */
const premiumPrefixes = new Map<string, boolean>();

/** Do premium-rate numbers begin with this prefix? Not so if it has nothing, or one digit, after the country calling code. */
function namesPremiumRate(prefix: string): boolean {
  let names = premiumPrefixes.get(prefix);
  if (names === undefined) {
    const { national } = partsOf(prefix);
    names =
      national.length >= shortestArea &&
      '0123456789'.split('').some((digit) => beginsPremiumRate(prefix, digit));
    premiumPrefixes.set(prefix, names);
  }
  return names;
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
