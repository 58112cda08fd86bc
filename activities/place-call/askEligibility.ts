import { randomUUID } from 'node:crypto';
import type { PlaceCallInput } from '../../workflows/callActivities.js';
import type { ActivityDeps } from '../deps/activityDeps.js';
import { isObject } from '../validation/fault.js';
import { HostFull, hostPlaces } from '../webhooks/hostPlaces.js';
import { isSilence, noResponseReason, signedPost } from '../webhooks/signedPost.js';
import { clientHostHealth, eligibilityHealth } from './eligibilityHealth.js';

export type Eligibility =
  | { kind: 'eligible' }
  /** An endpoint says no. `reason`: as it was given. */
  | { kind: 'refused'; reason: string }
  /**
   * An endpoint gave no clear answer: ask again before anything is dialed. `everyCall`: the operator's gives none to any
   * call at the moment.
   */
  | { kind: 'unknown'; why: string; everyCall: boolean };

type Answer = Exclude<Eligibility, { kind: 'unknown' }> | { kind: 'unknown'; why: string };

const defaultTimeoutMs = 3_000;
const maxReasonLength = 200;
/** Questions to one host that may be under way at once: well below the slots of the dial worker. */
const hostBounds = { places: 150, placesWhileSilent: 25 };
/** One process has one dial worker. */
const hosts = hostPlaces(hostBounds, isSilence);

/**
 * Asks whether the number may be called now: first the operator's eligibility URL, then that of the request.
 * Both must allow it; without either, the number is eligible. Posts `{ type, callId, attempt, to, from,
 * metadata }`, and `requestedTo` if Lookup spells the number otherwise, signed as notifications are. Never throws.
 *
 * Only a 200 with `eligible: false` refuses. A 403, 404 or 410 may come from a proxy, a firewall or a
 * mistyped URL, and must not end a call for good. It is `unknown`, like every other unclear answer, a
 * redirect, and silence for three seconds. So is a host to which as many questions are under way as may be.
 */
export async function askEligibility(
  { settings }: Pick<ActivityDeps, 'settings'>,
  { callId, attempt, plan }: PlaceCallInput,
  { timeoutMs = defaultTimeoutMs } = {},
): Promise<Eligibility> {
  const { notify, doNotCall } = settings;
  const post = signedPost(notify.secrets);
  const { to, requestedTo, from, metadata } = plan;
  const payload = JSON.stringify({
    type: 'call.eligibility',
    callId,
    attempt,
    to,
    requestedTo,
    from,
    metadata,
  });

  const endpoints = [
    { url: doNotCall.eligibilityUrl, allowPrivate: true },
    { url: plan.eligibilityUrl, allowPrivate: notify.allowPrivate },
  ];
  for (const { url, allowPrivate } of endpoints) {
    if (url === null) continue;
    const isOperators = url === doNotCall.eligibilityUrl;
    const health = isOperators ? eligibilityHealth(url) : clientHostHealth(hostOf(url));
    // Of those who wait for the operator's, the stopped worker lets one at a time come here.
    if (!isOperators && !health.mayGo()) return { ...answersNobody(hostOf(url)), everyCall: false };
    const eligibility = await askEndpoint(url, allowPrivate);
    health.report(eligibility.kind !== 'unknown');
    if (eligibility.kind === 'unknown')
      return { ...eligibility, everyCall: isOperators && health.answersNobody() };
    if (eligibility.kind === 'refused') return eligibility;
  }
  return { kind: 'eligible' };

  /** Messages name the host only: path and query may be secret. */
  async function askEndpoint(url: string, allowPrivate: boolean): Promise<Answer> {
    if (!URL.canParse(url)) return { kind: 'unknown', why: 'the eligibility URL is no absolute URL' };
    const { host } = new URL(url);
    try {
      // A new id each time: an endpoint that drops repeats would not answer for this moment.
      const request = { id: `msg_${randomUUID()}`, timeoutMs, allowPrivate, withBody: true } as const;
      const { status, body } = await hosts.run(host, () => post(new URL(url), payload, request));
      return eligibilityOf(status, body) ?? { kind: 'unknown', why: `${host} ${unclearAnswerText(status)}` };
    } catch (error) {
      const why = error instanceof HostFull ? error.message : noResponseReason(error as Error, timeoutMs);
      return { kind: 'unknown', why: `${host} could not be asked: ${why}` };
    }
  }
}

/** Empty if it is no URL. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function answersNobody(host: string): Answer & { kind: 'unknown' } {
  const why = `${host} gave no clear answers lately, and is tested by one call now and then`;
  return { kind: 'unknown', why };
}

/** Null when the answer is not clear. */
function eligibilityOf(status: number, body: string): Answer | null {
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
