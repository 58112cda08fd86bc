import { callHandle } from './callBench.js';
import { created } from './scriptedTwilio.js';
import type { CallTestContext } from './useCallBench.js';

/**
 * Lets Twilio make each call and report after `afterMs` that it ended with this status. Returns the ids of
 * the calls in the order of their placements, and how many were in flight at the same time.
 */
export function endCallsAutomatically(
  context: CallTestContext,
  status: string | ((to: string) => string) = 'completed',
  afterMs = 50,
): { inFlight: number; maxInFlight: number; callIds: string[] } {
  const tally = { inFlight: 0, maxInFlight: 0, callIds: [] as string[] };
  context.twilio.answerCreate = ({ form, make }) => {
    const call = make();
    const callId = callIdOf(form);
    tally.callIds.push(callId);
    tally.maxInFlight = Math.max(tally.maxInFlight, ++tally.inFlight);
    const last = typeof status === 'string' ? status : status(form.get('To') ?? '');
    setTimeout(() => {
      tally.inFlight--;
      void callHandle(context.bench.client, callId).callback(1, call.sid, last, { SequenceNumber: '3' });
    }, afterMs);
    return created(call);
  };
  return tally;
}

/** The call of a placement, from its callback URL. */
function callIdOf(form: URLSearchParams): string {
  return /\/twilio\/status\/([^/]+)\//.exec(form.get('StatusCallback') ?? '')?.[1] ?? '';
}
