import type { ApiContext } from './apiDependencies.js';

/** Temporal's limit for workflow ids. */
const longestCallIdBytes = 1000;

/** Path and query exactly as received, with percent-encoding and dots. */
export function requestTarget(c: ApiContext): string {
  const received = c.env?.incoming?.url ?? c.req.url;
  return received.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/';
}

/**
 * One segment of the path as received, percent-decoded once or as `decode` reads it. Null if there is no such
 * segment or it is not UTF-8. The router's path is not used, because workflow ids from other SDKs may have any
 * character, even slashes.
 */
export function pathSegment(c: ApiContext, index: number, decode = percentDecoded): string | null {
  const segment = requestTarget(c).split('?', 1)[0]?.split('/')[index];
  return segment ? decode(segment) : null;
}

function percentDecoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** The call id in the path. Null if no workflow can have that id. */
export function callIdIn(c: ApiContext, index: number, decode = percentDecoded): string | null {
  const callId = pathSegment(c, index, decode);
  return callId !== null && Buffer.byteLength(callId) <= longestCallIdBytes ? callId : null;
}

/**
 * The absolute URL of a resource of this API, such as `/calls/ID`. Behind a proxy only the public URL is known
 * to work: the request that arrives here may name another scheme, host and path.
 */
export function resourceUrl(c: ApiContext, path: string): string {
  return `${c.get('answerBase') ?? new URL(c.req.url).origin}${path}`;
}

/** The absolute URL of the call. */
export function callUrl(c: ApiContext, callId: string): string {
  return resourceUrl(c, `/calls/${encodeURIComponent(callId)}`);
}
