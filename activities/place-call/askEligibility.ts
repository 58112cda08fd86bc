import { randomUUID } from 'node:crypto';
import type { PlaceCallInput } from '../../workflows/callActivities.js';
import type { ActivityDeps } from '../deps/activityDeps.js';
import { isObject } from '../validation/fault.js';
import { noResponseReason, signedPost } from '../webhooks/signedPost.js';

export type Eligibility =
  | { kind: 'eligible' }
  /** Somebody who was asked says no. `reason`: in their words. */
  | { kind: 'refused'; reason: string }
  /** Somebody who must be asked gave no clear answer: ask again before anything is dialed. */
  | { kind: 'unknown'; why: string };

const defaultTimeoutMs = 3_000;
const maxReasonLength = 200;

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
  { settings }: Pick<ActivityDeps, 'settings'>,
  { callId, attempt, plan }: PlaceCallInput,
  { timeoutMs = defaultTimeoutMs } = {},
): Promise<Eligibility> {
  const { notify, doNotCall } = settings;
  const post = signedPost(notify.secrets);
  const { to, from, metadata } = plan;
  const payload = JSON.stringify({ type: 'call.eligibility', callId, attempt, to, from, metadata });

  const endpoints = [
    { url: doNotCall.eligibilityUrl, allowPrivate: true },
    { url: plan.eligibilityUrl, allowPrivate: notify.allowPrivate },
  ];
  for (const { url, allowPrivate } of endpoints) {
    if (url === null) continue;
    const eligibility = await askEndpoint(url, allowPrivate);
    if (eligibility.kind !== 'eligible') return eligibility;
  }
  return { kind: 'eligible' };

  /** Messages name the host alone: path and query may be what keeps strangers from asking there. */
  async function askEndpoint(url: string, allowPrivate: boolean): Promise<Eligibility> {
    if (!URL.canParse(url)) return { kind: 'unknown', why: 'the eligibility URL is no absolute URL' };
    const { host } = new URL(url);
    try {
      const { status, body } = await post(new URL(url), payload, {
        // Each time is a question of its own: one that is dropped as a repeat would get no answer of now.
        id: `msg_${randomUUID()}`,
        timeoutMs,
        allowPrivate,
        withBody: true,
      });
      return eligibilityOf(status, body) ?? { kind: 'unknown', why: `${host} ${unclearAnswerText(status)}` };
    } catch (error) {
      return {
        kind: 'unknown',
        why: `${host} could not be asked: ${noResponseReason(error as Error, timeoutMs)}`,
      };
    }
  }
}

/** Null when the answer is not clear. */
function eligibilityOf(status: number, body: string): Eligibility | null {
  if (status === 204) return { kind: 'eligible' };
  const answer = status === 200 ? parseJson(body) : null;
  if (!isObject(answer) || typeof answer.eligible !== 'boolean') return null;
  if (answer.eligible) return { kind: 'eligible' };
  const reason = typeof answer.reason === 'string' ? answer.reason.trim().slice(0, maxReasonLength) : '';
  // Half a surrogate pair, sent so or cut so, could not be recorded with the outcome.
  return { kind: 'refused', reason: reason.replaceAll(/\p{Surrogate}/gu, '\uFFFD') || 'no reason was given' };
}

function unclearAnswerText(status: number): string {
  if (status === 200) return 'answered 200 without eligible: true or false in a JSON object';
  if (status >= 300 && status < 400) return `answered ${status}, a redirect, which is not followed`;
  return `answered ${status}; must be 200 with eligible, or 204`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
