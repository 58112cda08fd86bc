import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { callerRefusal } from '../numbers/numbers.js';
import type { AccountProfile } from '../simulatorOptions.js';
import type { CreateRequest } from './createRequest.js';

/** Twilio's code if the account may not place this call, whatever the number does; null if it may. */
export function accountRefusal(
  account: AccountProfile,
  { from, to }: Pick<CreateRequest, 'from' | 'to'>,
): number | null {
  if (account.status !== 'active') return 20005;
  const callerCode = callerRefusal(from);
  if (callerCode !== null) return callerCode;
  if (!isOwned(account, from) && !account.callerIds.includes(from)) return 21210;
  if (account.type === 'Trial' && !account.callerIds.includes(to)) return 21219;
  const country = parsePhoneNumberFromString(to)?.country;
  return country !== undefined && account.closedCountries.includes(country) ? 21215 : null;
}

/** Does the account own this number? */
export function isOwned({ phoneNumbers }: AccountProfile, number: string): boolean {
  return phoneNumbers === null ? callerRefusal(number) === null : phoneNumbers.includes(number);
}
