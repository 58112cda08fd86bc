import { type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js';
import { e164 } from '../../workflows/rules/phoneNumber.js';

/** Country code 1 and ten digits: this has only one spelling, and most lists consist of it. */
const northAmerican = /^\+1[2-9]\d{9}$/;

/**
 * Prefixes that some people keep after the country code although they are for calls within the country. Each
 * country has its own. Source: ITU-T E.164 national numbering plans.
 *
 * Mexico had a 1 after +52 for mobile numbers until 2019, and 01, 044 and 045 within the country. Since then a
 * Mexican number has ten digits, and none begins so.
 */
const keptPrefixes: Record<string, string[]> = { '52': ['1', '01', '044', '045'] };
/** In most countries. */
const trunkPrefixes = ['0'];

/**
 * The one spelling of a number in E.164: without a trunk prefix after the country code, and without digits
 * that a country has given up. A number that is in no numbering plan stays as it is, and so does text that is
 * no number.
 *
 * A prefix is taken off only if the number is wrong with it and right without it. Italy's 0 therefore stays.
 * So do spellings that may be two telephones: Argentina's numbers with and without the 9 (a mobile and a
 * landline), and Brazil's with and without the ninth digit (a number without it may have lost any digit).
 */
export function canonicalNumber(number: string): string {
  if (northAmerican.test(number) || !e164.test(number)) return number;
  const shorter = withoutOnePrefix(number);
  return shorter === number ? number : canonicalNumber(shorter);
}

function withoutOnePrefix(number: string): string {
  const parsed = parsePhoneNumberFromString(number);
  if (parsed === undefined) return number;
  const shortened = parsed.isValid() ? undefined : withoutPrefix(parsed);
  const { number: canonical } = shortened ?? parsed;
  return e164.test(canonical) ? canonical : number;
}

function withoutPrefix({ countryCallingCode, nationalNumber }: PhoneNumber): PhoneNumber | undefined {
  const prefixes = [...(keptPrefixes[countryCallingCode] ?? []), ...trunkPrefixes];
  for (const prefix of prefixes) {
    if (!nationalNumber.startsWith(prefix)) continue;
    const rest = nationalNumber.slice(prefix.length);
    const parsed = parsePhoneNumberFromString(`+${countryCallingCode}${rest}`);
    // The library may take off more digits: only this prefix may go.
    if (parsed?.isValid() && parsed.nationalNumber === rest) return parsed;
  }
  return undefined;
}

/**
 * Every spelling under which Twilio may list a call to this canonical number, itself first. Wider than
 * `canonicalNumber`: in Argentina and Brazil it includes the spelling with, and the one without, the digit for
 * mobile numbers. For searches only.
 */
export function listedSpellings(number: string): string[] {
  const [, mexican] = /^\+52(\d{10})$/.exec(number) ?? [];
  if (mexican !== undefined) return [number, `+521${mexican}`];
  const [, argentine] = /^\+549?([1-8]\d{9})$/.exec(number) ?? [];
  if (argentine !== undefined) return others(number, [`+549${argentine}`, `+54${argentine}`]);
  const [, area, brazilian] = /^\+55(\d{2})9?([6-9]\d{7})$/.exec(number) ?? [];
  if (brazilian !== undefined) return others(number, [`+55${area}9${brazilian}`, `+55${area}${brazilian}`]);
  return [number];
}

function others(number: string, spellings: string[]): string[] {
  return [number, ...spellings.filter((spelling) => spelling !== number)];
}

/** May Twilio's spelling of a called number mean this number? */
export function isSpellingOf(number: string, listed: string): boolean {
  return listedSpellings(canonicalNumber(number)).includes(canonicalNumber(listed));
}
