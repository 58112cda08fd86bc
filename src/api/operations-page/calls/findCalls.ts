import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { canonicalNumber } from '../../../../activities/validation/canonicalNumber.js';
import { withoutInvisible } from '../../../../activities/validation/withoutInvisible.js';
import { e164 } from '../../../../workflows/rules/phoneNumber.js';
import { type CallAnswer, callAnswer } from '../../calls/callAnswer.js';
import type { ApiAnswer, View } from '../view/view.js';

interface CallPage {
  calls: CallAnswer[];
  nextCursor: string | null;
}

/** The calls of this page of the list. `q` is a call id, a phone number in any spelling, or a batch id. */
export async function findCalls(view: View, query: URLSearchParams): Promise<ApiAnswer<CallPage>> {
  const apiQuery = new URLSearchParams();
  for (const [name, value] of query) if (name !== 'q' && value !== '') apiQuery.append(name, value);
  const text = withoutInvisible(query.get('q') ?? '').trim();
  if (text !== '') {
    const call = await view.tools.store.findCallState(text);
    if (call !== null)
      return { ok: true, status: 200, body: { calls: [callAnswer(call)], nextCursor: null } };
    const number = numberIn(text, view.tools.defaultFrom);
    if (number !== null) apiQuery.set('to', number);
    else apiQuery.set('batch', text);
  }
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
