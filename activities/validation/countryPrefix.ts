import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/**
 * What the numbers of the country of this number begin with: `+49`. In country code 1 it is the area code, `+1876`, except for the
 * United States and Canada, which are `+1`. Null if there is no such country.
 */
export function countryPrefix(number: string): string | null {
  const parsed = parsePhoneNumberFromString(number);
  if (parsed === undefined) return null;
  const { country, countryCallingCode, nationalNumber } = parsed;
  const isOwnArea =
    countryCallingCode === '1' && country !== undefined && country !== 'US' && country !== 'CA';
  return `+${countryCallingCode}${isOwnArea ? nationalNumber.slice(0, 3) : ''}`;
}
