import type { CallRecord } from '../calls/callBook.js';
import type { CallEngine } from '../calls/callEngine.js';
import { isMethod, methodOf, statusCallbackFault, timeLimitFault } from '../calls/createRequest.js';
import { currentOf, isOver } from '../calls/simulatedCall.js';
import { refusalOf, type TwilioRefusal } from '../twilioErrors.js';

/**
 * `POST …/Calls/{Sid}.json`: cancels, hangs up or changes a call. Returns null if that worked or had no
 * effect.
 * Source: Twilio's Call resource, table of `Status`.
 */
export function updateCall(
  { call, timeline, post }: CallRecord,
  form: URLSearchParams,
  { unconfirmed }: Pick<CallEngine, 'unconfirmed'>,
): TwilioRefusal | null {
  const status = form.get('Status');
  const url = form.get('StatusCallback');
  const method = form.get('StatusCallbackMethod');
  const timeLimit = form.get('TimeLimit');
  if (status !== null && status !== 'canceled' && status !== 'completed') {
    return refusalOf(20422, { message: 'Status must be canceled or completed' });
  }
  if (url !== null && statusCallbackFault(url) !== null) return refusalOf(21609);
  if (method !== null && !isMethod(method)) return refusalOf(21209);
  if (timeLimit !== null && timeLimitFault(timeLimit) !== null) return refusalOf(20422);
  if (isOver(call)) return unconfirmed.updateOfEndedCall === 'refused' ? refusalOf(21220) : null;
  const redirected = form.has('Url') || form.has('Twiml');
  if (redirected && currentOf(call).status !== 'in-progress') return refusalOf(21220);
  if (url !== null) post.target = { url, method: methodOf(method) };
  else if (method !== null && post.target) post.target = { ...post.target, method: methodOf(method) };
  if (timeLimit !== null) timeline.limit(Number(timeLimit));
  if (status === 'canceled') timeline.cancel();
  if (status === 'completed') timeline.hangUp();
  return null;
}
