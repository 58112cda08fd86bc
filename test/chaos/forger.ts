import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import twilio from 'twilio';
import type { Attempt, CallState } from '../../workflows/callOutcome.js';
import type { Forgery } from './plan.js';
import type { Stack } from './stack.js';

/** One forged callback, and the answer to it. */
export interface Forged extends Forgery {
  callId: string;
  attempt: number;
  /** The SID in the callback: one that Twilio does not have, or that of another call. */
  callSid: string;
  /** 0: the API was down. */
  status: number;
}

const aimsForMs = 15_000;

/** A call that a forged callback can name. */
interface Victim {
  callId: string;
  attempt: Attempt;
}

/**
 * Sends callbacks that must change nothing. Each says that the call was completed, as an attacker would.
 * Those with a valid signature name a SID or an attempt that is not the call's: Twilio never sends such
 * callbacks.
 */
export async function forge(stack: Stack, planned: Forgery[], callIds: () => string[]): Promise<Forged[]> {
  const begunAt = Date.now();
  const forged = planned.map(async (forgery) => {
    await pause(Math.max(0, forgery.atMs - (Date.now() - begunAt)));
    const aimed = await aim(stack, forgery, callIds);
    return aimed && send(stack, forgery, aimed.victim, aimed.other);
  });
  return (await Promise.all(forged)).filter((one) => one !== null);
}

/** Waits some seconds for a suitable call. Returns null if there is none. */
async function aim(stack: Stack, forgery: Forgery, callIds: () => string[]) {
  for (const until = Date.now() + aimsForMs; Date.now() < until; await pause(500)) {
    const victims = await followed(stack, callIds());
    const victim = victims[Math.floor(forgery.victim * victims.length)];
    const other = victims.find(({ callId }) => callId !== victim?.callId);
    if (victim && (forgery.kind !== 'moved-to-another-call' || other)) return { victim, other };
  }
  return null;
}

/** Running calls whose SID came with the response of Twilio: for them, no other SID can be right. */
async function followed(stack: Stack, callIds: string[]): Promise<Victim[]> {
  const states = await Promise.all(
    callIds.slice(-12).map(async (callId) => {
      const answer = await fetch(`${stack.apiUrl}/calls/${callId}`, {
        signal: AbortSignal.timeout(4_000),
      }).catch(() => null);
      return answer?.status === 200 ? ((await answer.json().catch(() => null)) as CallState | null) : null;
    }),
  );
  return states.flatMap((state) => {
    const attempt = state?.attempts.at(-1);
    const known = attempt && attempt.outcome === null && attempt.evidence.create?.sidFrom === 'created';
    return state && known ? [{ callId: state.callId, attempt }] : [];
  });
}

async function send(
  stack: Stack,
  forgery: Forgery,
  victim: Victim,
  other: Victim | undefined,
): Promise<Forged> {
  const { kind } = forgery;
  const madeUp = `CA${randomBytes(16).toString('hex')}`;
  const own = victim.attempt.callSid as string;
  const isSigned = kind === 'another-sid' || kind === 'attempt-not-begun' || kind === 'no-such-call';
  const callSid =
    kind === 'moved-to-another-call' ? (other?.attempt.callSid as string) : isSigned ? madeUp : own;
  const callId = kind === 'no-such-call' ? `call-${madeUp}` : victim.callId;
  const attempt = kind === 'attempt-not-begun' ? 99 : victim.attempt.number;
  const url = `${stack.apiUrl}/twilio/status/${callId}/${attempt}`;
  const params = {
    CallSid: callSid,
    AccountSid: stack.accountSid,
    CallStatus: 'completed',
    CallDuration: '7777',
    SequenceNumber: '9',
    Timestamp: new Date().toUTCString(),
  };
  const sign = (token: string, of: string, what: Record<string, string>) =>
    twilio.getExpectedTwilioSignature(token, of, what);
  const signature = {
    unsigned: null,
    'wrong-token': sign('not-the-auth-token', url, params),
    tampered: sign(stack.authToken, url, { ...params, CallStatus: 'busy' }),
    // A genuine callback of another call, sent to the address of this one.
    'moved-to-another-call': sign(stack.authToken, url.replace(victim.callId, other?.callId ?? ''), params),
    'another-sid': sign(stack.authToken, url, params),
    'attempt-not-begun': sign(stack.authToken, url, params),
    'no-such-call': sign(stack.authToken, url, params),
  }[kind];
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(signature !== null && { 'X-Twilio-Signature': signature }),
    },
    body: new URLSearchParams(params),
    signal: AbortSignal.timeout(6_000),
  }).catch(() => null);
  await answer?.body?.cancel();
  return { ...forgery, callId, attempt, callSid, status: answer?.status ?? 0 };
}
