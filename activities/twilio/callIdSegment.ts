/** Begins a segment that has the call id in base64url. */
const encodedPrefix = 'id64.';
const encoded = new RegExp(`^${encodedPrefix.replace('.', '\\.')}([A-Za-z0-9_-]+)$`);
/** Characters that no proxy encodes or decodes. A dot at the edge could be taken for a step in the path. */
const plain = /^(?!\.)[A-Za-z0-9._-]*[A-Za-z0-9_-]$/;

/**
 * The call id as one segment of the path of a callback URL. It has no percent-encoding: proxies that take a
 * path prefix off change it, and Twilio's signature covers the path byte for byte.
 */
export function callIdSegment(callId: string): string {
  if (plain.test(callId) && !callId.startsWith(encodedPrefix)) return callId;
  return encodedPrefix + Buffer.from(callId).toString('base64url');
}

/** The call id in a segment, which may also be percent-encoded. Null if it is neither, or not UTF-8. */
export function callIdOfSegment(segment: string): string | null {
  const bytes = Buffer.from(encoded.exec(segment)?.[1] ?? '', 'base64url');
  if (bytes.length > 0 && callIdSegment(bytes.toString()) === segment) return bytes.toString();
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
