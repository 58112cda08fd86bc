import http from 'node:http';
import https from 'node:https';
import { retryAfterSeconds } from '../twilio/twilioRestError.js';
import { publicLookup, rejectPrivateLiteral } from './publicAddress.js';

/** Of an answer's body so much is read; unless it is asked for, only to end the exchange politely. */
const maxBodyBytes = 64 * 1024;

export interface PostResponse {
  status: number;
  /** What `Retry-After` asks for. */
  retryAfterSeconds: number | null;
  /** Empty unless it was asked for. */
  body: string;
}

/**
 * Posts JSON to somebody else's server, once, and says how it answered. Redirects are answers like any other.
 * Unless `allowPrivate`, only an address of the public internet is connected to. `withBody`: waits for the whole body too.
 *
 * Throws `NotPublic` before anything is sent, what the network or `signal` throws, and that the body asked for is too long.
 */
export async function postJson(
  url: URL,
  body: string,
  {
    headers,
    allowPrivate,
    signal,
    withBody,
  }: { headers: Record<string, string>; allowPrivate: boolean; signal: AbortSignal; withBody?: true },
): Promise<PostResponse> {
  if (!allowPrivate) rejectPrivateLiteral(url);
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
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
      ...(allowPrivate ? {} : { lookup: publicLookup() }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      const result = () => ({
        status: response.statusCode ?? 0,
        retryAfterSeconds: retryAfterSeconds(response.headers['retry-after']),
        body: Buffer.concat(chunks).toString(),
      });
      if (!withBody) resolve(result());
      response.on('end', () => resolve(result()));
      // Once it is resolved, rejecting does nothing: nobody waits for the body.
      response.on('error', reject);
      let remainingBytes = maxBodyBytes;
      response.on('data', (chunk: Buffer) => {
        remainingBytes -= chunk.length;
        if (remainingBytes < 0)
          response.destroy(new Error(`its answer is longer than ${maxBodyBytes} bytes`));
        else if (withBody) chunks.push(chunk);
      });
    });
    outgoing.end(body);
  });
}
