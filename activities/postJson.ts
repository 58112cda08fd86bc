import http from 'node:http';
import https from 'node:https';
import { publicOnly, refuseLiteral } from './publicAddress.js';
import { retryAfterSeconds } from './retryAfter.js';

/** Of an answer's body so much is read, to end the exchange politely; none of it is looked at. */
const bodyLimitBytes = 64 * 1024;

export interface PostAnswer {
  status: number;
  /** What `Retry-After` asks for. */
  retryAfterSeconds: number | null;
}

/**
 * Posts JSON to somebody else's server, once, and says how it answered. Redirects are answers like any other.
 * Unless `allowPrivate`, only an address of the public internet is connected to.
 *
 * Throws `NotPublic` before anything is sent, and what the network or `signal` throws.
 */
export async function postJson(
  url: URL,
  body: string,
  {
    headers,
    allowPrivate,
    signal,
  }: { headers: Record<string, string>; allowPrivate: boolean; signal: AbortSignal },
): Promise<PostAnswer> {
  if (!allowPrivate) refuseLiteral(url);
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sending = request(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'ringtrue',
      },
      // A connection of its own: one that was kept alive was checked under the rules of another request.
      agent: false,
      signal,
      ...(allowPrivate ? {} : { lookup: publicOnly() }),
    });
    sending.on('error', reject);
    sending.on('response', (response) => {
      resolve({
        status: response.statusCode ?? 0,
        retryAfterSeconds: retryAfterSeconds(response.headers['retry-after']),
      });
      let left = bodyLimitBytes;
      response.on('error', () => {});
      response.on('data', (chunk: Buffer) => {
        left -= chunk.length;
        if (left < 0) response.destroy();
      });
    });
    sending.end(body);
  });
}
