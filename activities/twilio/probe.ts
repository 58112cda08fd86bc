import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A probe is a status callback that `ringtrue doctor` sends to itself. It shows whether the public URL leads to
 * an API that knows the same auth token, and what arrives there. No call has its call id.
 */
export const probeCallId = 'ringtrue-doctor';

/** The form parameter that makes a callback a probe: `NONCE.PROOF`. */
export const probeParameter = 'RingtrueProbe';

/** What the API says to a probe. Only who knows an auth token gets it. */
export interface ProbeAnswer {
  /** Made with the same auth token: an answer of anything else has none. */
  proof: string;
  /** Is the signature right for the API? */
  signed: boolean;
  /** The API's own `RINGTRUE_PUBLIC_URL`; null: none. */
  publicUrl: string | null;
  /** Path and query as they arrived. */
  target: string;
  /** The form as it arrived. */
  parameters: Record<string, string | string[]>;
}

/** The value of `RingtrueProbe`. */
export function probeValue(authToken: string, nonce: string): string {
  return `${nonce}.${proofOf(authToken, 'question', nonce)}`;
}

/** The proof for the answer to this probe; null if none of the tokens has made the probe. */
export function answerToProbe(value: unknown, authTokens: readonly string[]): string | null {
  const [, nonce, proof] =
    typeof value === 'string' ? (/^([\w-]{8,64})\.([\w-]{43})$/.exec(value) ?? []) : [];
  if (nonce === undefined || proof === undefined) return null;
  const token = authTokens.find((one) => one !== '' && isEqual(proof, proofOf(one, 'question', nonce)));
  return token === undefined ? null : proofOf(token, 'answer', nonce);
}

/** Did an API that knows this auth token answer the probe? */
export function isProbeAnswer(answer: unknown, authToken: string, nonce: string): answer is ProbeAnswer {
  const { proof } = (answer ?? {}) as Partial<ProbeAnswer>;
  return typeof proof === 'string' && isEqual(proof, proofOf(authToken, 'answer', nonce));
}

/** Says nothing about the auth token, and holds for this nonce and direction only. */
function proofOf(authToken: string, kind: 'question' | 'answer', nonce: string): string {
  return createHmac('sha256', authToken).update(`ringtrue probe ${kind} ${nonce}`).digest('base64url');
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
