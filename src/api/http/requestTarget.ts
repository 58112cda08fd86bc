import type { ApiContext } from './apiDependencies.js';

/** Temporal's limit for workflow ids. */
const longestCallIdBytes = 1000;

/** Path and query exactly as they were received: percent-encoding, dots and all. */
export function requestTarget(c: ApiContext): string {
  const received = c.env?.incoming?.url ?? c.req.url;
  return received.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/';
}

/**
 * One segment of the path as received, percent-decoded once; null when there is no such segment or it is not
 * UTF-8. Workflow ids from other SDKs may hold any character, slashes too, so the router's own idea of the path
 * is not used.
 */
export function pathSegment(c: ApiContext, index: number): string | null {
  const segment = requestTarget(c).split('?', 1)[0]?.split('/')[index];
  if (!segment) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** The call id in the path; null when there can be no workflow of that name. */
export function callIdIn(c: ApiContext, index: number): string | null {
  const callId = pathSegment(c, index);
  return callId !== null && Buffer.byteLength(callId) <= longestCallIdBytes ? callId : null;
}

/** Where the call is to be read, absolute. */
export function callUrl(c: ApiContext, callId: string): string {
  return new URL(`/calls/${encodeURIComponent(callId)}`, c.req.url).href;
}
