import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { TemporalAccess } from './temporalAccess.js';
import { lazyClient } from './temporalClient.js';

/** Longer than any request lasts. */
const closeAfterMs = 120_000;

/**
 * A client that connects with its first request, and with the settings of now: once they are renewed, later
 * requests use a new connection. Requests that are under way finish on the one before.
 */
export function renewableClient(
  access: TemporalAccess,
  dataConverter: DataConverter = {},
): { client: Client; close(): Promise<void> } {
  let current = lazyClient(access.settings, dataConverter);
  let isClosed = false;
  const before = new Set<Client>();
  const close = async (client: Client) => {
    if (before.delete(client)) await client.connection.close();
  };
  const follow = () =>
    access.renewed.addEventListener(
      'abort',
      () => {
        if (isClosed) return;
        const last = current;
        before.add(last);
        current = lazyClient(access.settings, dataConverter);
        setTimeout(() => void close(last).catch(() => {}), closeAfterMs).unref();
        follow();
      },
      { once: true },
    );
  follow();
  const connection = following(() => current.connection);
  return {
    client: following(() => current, { connection }),
    async close() {
      isClosed = true;
      await Promise.all([...before].map(close));
      await current.connection.close();
    },
  };
}

/** An object that always is the one of now, except for these properties. */
function following<T extends object>(now: () => T, own: Partial<T> = {}): T {
  return new Proxy(now(), {
    get(_, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const target = now();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
