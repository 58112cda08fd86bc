import type { Hash } from 'node:crypto';
import type { ApiContext } from '../http/apiDependencies.js';

/** The body is longer than a body of this kind may be. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  constructor(readonly maxBytes: number) {
    super(`the body has more than ${maxBytes} bytes`);
  }
}

/** The body is not UTF-8. */
export class NotUtf8 extends Error {
  override readonly name = 'NotUtf8';
}

/** The body as text, part by part, without a byte order mark. Every byte goes into `hash`. */
export async function* bodyText(c: ApiContext, maxBytes: number, hash: Hash): AsyncGenerator<string> {
  if (Number(c.req.header('Content-Length') ?? 0) > maxBytes) throw new BodyTooLarge(maxBytes);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const text = (bytes?: Uint8Array) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      throw new NotUtf8('the body is not UTF-8');
    }
  };
  let received = 0;
  for await (const bytes of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    received += bytes.byteLength;
    if (received > maxBytes) throw new BodyTooLarge(maxBytes);
    hash.update(bytes);
    yield text(bytes);
  }
  yield text();
}
