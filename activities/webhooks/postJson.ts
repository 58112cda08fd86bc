import http from 'node:http';
import https from 'node:https';
import { retryAfterSeconds } from '../twilio/twilioRestError.js';
import { publicLookup, rejectPrivateLiteral } from './publicAddress.js';

/** How much of a response body is read. Without `withBody` it is read only to end the exchange cleanly. */
const maxBodyBytes = 64 * 1024;

export interface PostResponse {
  status: number;
  /** What `Retry-After` asks for. */
  retryAfterSeconds: number | null;
  /** Empty without `withBody`. */
  body: string;
}

/**
 * Posts JSON to a receiver, once, and returns its response. A redirect is a response like any other. Unless
 * `allowPrivate`, connects only to addresses of the public internet. `withBody`: waits for the whole body
 * too.
 *
 * Throws `NotPublic` before anything is sent. Throws what the network or `signal` throws, and when the body
 * is too long.
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
      // A new connection: one that was kept alive was checked by the rules of another request.
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
      // Without `withBody` the promise is resolved already, and this does nothing.
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
