import { callHandle } from './callBench.js';
import { created } from './scriptedTwilio.js';
import type { Fates } from './useCallBench.js';

/**
 * Twilio makes each call, and a callback says after a moment that it ended so; by its number where that matters. Tells
 * whose calls they were, and how many there were at once.
 */
export function callsEnd(
  fates: Fates,
  status: string | ((to: string) => string) = 'completed',
  afterMs = 50,
): { atOnce: number; most: number; callIds: string[] } {
  const seen = { atOnce: 0, most: 0, callIds: [] as string[] };
  fates.twilio.answerCreate = ({ form, make }) => {
    const call = make();
    const callId = callIdOf(form);
    seen.callIds.push(callId);
    seen.most = Math.max(seen.most, ++seen.atOnce);
    const last = typeof status === 'string' ? status : status(form.get('To') ?? '');
    setTimeout(() => {
      seen.atOnce--;
      void callHandle(fates.bench.client, callId).callback(1, call.sid, last, { SequenceNumber: '3' });
    }, afterMs);
    return created(call);
  };
  return seen;
}

/** The call that a create was for, read off its return address. */
function callIdOf(form: URLSearchParams): string {
  return /\/twilio\/status\/([^/]+)\//.exec(form.get('StatusCallback') ?? '')?.[1] ?? '';
}
