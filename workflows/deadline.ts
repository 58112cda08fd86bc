import type { RetryPolicy } from './callRequest.js';

/**
 * The time after which no attempt of a call begins, RFC 3339; null: there is none. The earlier of what the request
 * says and of what its policy allows from the moment at which the call may dial first.
 */
export function deadlineOf(
  { giveUpAfterSeconds }: RetryPolicy,
  call: { startedAt: string; notBefore: string | null; giveUpAt: string | null },
): string | null {
  if (giveUpAfterSeconds === undefined) return call.giveUpAt;
  const begins = Math.max(Date.parse(call.startedAt), Date.parse(call.notBefore ?? call.startedAt));
  const policys = new Date(begins + giveUpAfterSeconds * 1000).toISOString();
  return call.giveUpAt !== null && !isAfter(call.giveUpAt, policys) ? call.giveUpAt : policys;
}

/** Does a moment lie after a time that may not be set? */
export function isAfter(moment: string, limit: string | null): boolean {
  return limit !== null && Date.parse(moment) > Date.parse(limit);
}
