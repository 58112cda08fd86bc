import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { canonicalNumber } from '../../../../activities/validation/canonicalNumber.js';
import { withoutInvisible } from '../../../../activities/validation/withoutInvisible.js';
import { e164 } from '../../../../workflows/rules/phoneNumber.js';
import type { CallAnswer } from '../../calls/callAnswer.js';
import type { ApiAnswer, View } from '../view/view.js';

interface CallPage {
  calls: CallAnswer[];
  nextCursor: string | null;
}

/** The calls of this page of the list. `q` is the text of the search box. */
export async function findCalls(view: View, query: URLSearchParams): Promise<ApiAnswer<CallPage>> {
  const apiQuery = new URLSearchParams();
  for (const [name, value] of query) if (name !== 'q' && value !== '') apiQuery.append(name, value);
  const text = withoutInvisible(query.get('q') ?? '').trim();
  if (text !== '') apiQuery.set('search', text);
  return view.api<CallPage>('GET', `/calls?${apiQuery}`);
}

/**
 * The number that this text spells, in E.164; null if it is none. A national number counts as one of the country of
 * the standard caller id.
 */
export function numberIn(text: string, defaultFrom: string | null): string | null {
  if (!/^[+\d(][\d ().\-/]*$/.test(text) || text.replace(/\D/g, '').length < 7) return null;
  const home = defaultFrom === null ? undefined : parsePhoneNumberFromString(defaultFrom);
  const parsed = home
    ? parsePhoneNumberFromString(text, { defaultCallingCode: home.countryCallingCode })
    : parsePhoneNumberFromString(text);
  const number = parsed?.number ?? `+${text.replace(/\D/g, '')}`;
  return e164.test(number) ? canonicalNumber(number) : null;
}
