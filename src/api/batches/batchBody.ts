import type { Hash } from 'node:crypto';
import type { ApiContext } from '../http/apiDependencies.js';

/** The body is longer than a body of this kind may be. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  constructor(readonly maxBytes: number) {
    super(`the body has more than ${maxBytes} bytes`);
  }
}

/** The body, part by part. Every byte goes into `hash`. */
export async function* bodyBytes(c: ApiContext, maxBytes: number, hash: Hash): AsyncGenerator<Uint8Array> {
  if (Number(c.req.header('Content-Length') ?? 0) > maxBytes) throw new BodyTooLarge(maxBytes);
  let received = 0;
  for await (const bytes of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    received += bytes.byteLength;
    if (received > maxBytes) throw new BodyTooLarge(maxBytes);
    hash.update(bytes);
    yield bytes;
  }
}
