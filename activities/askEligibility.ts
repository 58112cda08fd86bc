import { randomUUID } from 'node:crypto';
import type { DialOrder } from '../workflows/callActivities.js';
import { isObject } from './fault.js';
import { signedPost, whyNoAnswer } from './signedPost.js';
import type { World } from './world.js';

export type Eligibility =
  | { kind: 'eligible' }
  /** Somebody who was asked says no. `reason`: in their words. */
  | { kind: 'refused'; reason: string }
  /** Somebody who must be asked gave no clear answer: ask again before anything is dialled. */
  | { kind: 'unknown'; why: string };

const answerWithinMs = 3_000;
const longestReason = 200;

/**
 * Asks whether the number may be called now: first the operator's eligibility URL, then that of the request. All must
 * allow it; with neither, nobody has to be asked. Posts `{ type, callId, attempt, to, from, metadata }`, signed as
 * notifications are.
 *
 * Only a 200 with `eligible: false` refuses. A 403, 404 or 410 comes from proxies, firewalls and mistyped URLs as
 * well as from someone who knows, and must not end a call for good: like every other answer that is not clear, a
 * redirect, and silence for three seconds, it is `unknown`. Never throws.
 */
export async function askEligibility(
  { settings }: Pick<World, 'settings'>,
  { callId, attempt, plan }: DialOrder,
  { timeoutMs = answerWithinMs } = {},
): Promise<Eligibility> {
  const { notify, consent } = settings;
  const post = signedPost(notify.secrets);
  const { to, from, metadata } = plan;
  const question = JSON.stringify({ type: 'call.eligibility', callId, attempt, to, from, metadata });

  const asked = [
    { url: consent.eligibilityUrl, allowPrivate: true },
    { url: plan.eligibilityUrl ?? null, allowPrivate: notify.allowPrivate },
  ];
  for (const { url, allowPrivate } of asked) {
    if (url === null) continue;
    const eligibility = await ask(url, allowPrivate);
    if (eligibility.kind !== 'eligible') return eligibility;
  }
  return { kind: 'eligible' };

  /** Messages name the host alone: path and query may be what keeps strangers from asking there. */
  async function ask(url: string, allowPrivate: boolean): Promise<Eligibility> {
    if (!URL.canParse(url)) return { kind: 'unknown', why: 'the eligibility URL is no absolute URL' };
    const { host } = new URL(url);
    try {
      const { status, body } = await post(new URL(url), question, {
        // Each time is a question of its own: one that is dropped as a repeat would get no answer of now.
        id: `msg_${randomUUID()}`,
        timeoutMs,
        allowPrivate,
        withBody: true,
      });
      return eligibilityOf(status, body) ?? { kind: 'unknown', why: `${host} ${whatIsWrong(status)}` };
    } catch (error) {
      return {
        kind: 'unknown',
        why: `${host} could not be asked: ${whyNoAnswer(error as Error, timeoutMs)}`,
      };
    }
  }
}

/** Null when the answer is not clear. */
function eligibilityOf(status: number, body: string): Eligibility | null {
  if (status === 204) return { kind: 'eligible' };
  const said = status === 200 ? parsed(body) : null;
  if (!isObject(said) || typeof said.eligible !== 'boolean') return null;
  if (said.eligible) return { kind: 'eligible' };
  const reason = typeof said.reason === 'string' ? said.reason.trim().slice(0, longestReason) : '';
  // Half a surrogate pair, sent so or cut so, could not be recorded with the outcome.
  return { kind: 'refused', reason: reason.replaceAll(/\p{Surrogate}/gu, '\uFFFD') || 'no reason was given' };
}

function whatIsWrong(status: number): string {
  if (status === 200) return 'answered 200 without eligible: true or false in a JSON object';
  if (status >= 300 && status < 400) return `answered ${status}, a redirect, which is not followed`;
  return `answered ${status}; must be 200 with eligible, or 204`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
