import type { ApiContext } from './apiDependencies.js';

/** Temporal's limit for workflow ids. */
const longestCallIdBytes = 1000;

/** Path and query exactly as received, with percent-encoding and dots. */
export function requestTarget(c: ApiContext): string {
  const received = c.env?.incoming?.url ?? c.req.url;
  return received.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/';
}

/**
 * One segment of the path as received, percent-decoded once. Null if there is no such segment or it is not
 * UTF-8. The router's path is not used, because workflow ids from other SDKs may have any character, even
 * slashes.
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

/** The call id in the path. Null if no workflow can have that id. */
export function callIdIn(c: ApiContext, index: number): string | null {
  const callId = pathSegment(c, index);
  return callId !== null && Buffer.byteLength(callId) <= longestCallIdBytes ? callId : null;
}

/** The absolute URL of the call. */
export function callUrl(c: ApiContext, callId: string): string {
  return new URL(`/calls/${encodeURIComponent(callId)}`, c.req.url).href;
}
