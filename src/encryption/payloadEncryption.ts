import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { Hiding } from '../../activities/deps/activitySettings.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { EncryptionCodec, MissingEncryptionKey } from './encryptionCodec.js';
import type { EncryptionKey } from './encryptionKeys.js';
import { numberHiding } from './numberHiding.js';

/** How a process encrypts what it gives to Temporal. */
export interface PayloadEncryption {
  keys: readonly EncryptionKey[];
  codec: EncryptionCodec;
  /** For every client and worker of Temporal. */
  dataConverter: DataConverter;
  /** Null: search attributes hold numbers as they are. */
  hiding: Hiding | null;
}

/** Readiness shows a missing key for so long after a payload last needed it; Temporal tries again sooner. */
const shownForMs = 15 * 60_000;
const logAgainMs = 10 * 60_000;

/** With which the workflows must be bundled if payloads are encrypted. */
export const failureConverterPath = fileURLToPath(new URL('./failureConverter.cjs', import.meta.url));

/** Without keys nothing is encrypted. A payload that needs a key all the same is named in log and readiness. */
export function payloadEncryption(
  keys: readonly EncryptionKey[],
  {
    log,
    readiness,
    isWorker,
  }: {
    log: Pick<Log, 'error'>;
    readiness: Pick<Readiness, 'probe' | 'note'>;
    /** A worker without a key is not ready. The API is: it serves all other calls. */
    isWorker: boolean;
  },
): PayloadEncryption {
  const missing = new Map<string, { at: number; loggedAt: number }>();
  const codec = new EncryptionCodec(keys, (keyId) => {
    const now = Date.now();
    const { loggedAt = 0 } = missing.get(keyId) ?? {};
    const isDue = now - loggedAt >= logAgainMs;
    missing.set(keyId, { at: now, loggedAt: isDue ? now : loggedAt });
    if (isDue) log.error({ keyId }, `${new MissingEncryptionKey(keyId).message}.`);
    if (!isWorker)
      readiness.note('encryptionKeys', `missing: ${keyId}. Calls that need it cannot be read here`);
  });
  if (isWorker)
    readiness.probe('encryptionKeys', async () => {
      const ids = [...missing].filter(([, { at }]) => Date.now() - at < shownForMs).map(([keyId]) => keyId);
      if (ids.length > 0) throw new Error(`missing: ${ids.join(', ')}. Calls whose payloads need them wait`);
    });
  return {
    keys,
    codec,
    dataConverter: {
      payloadCodecs: [codec],
      ...(keys.length > 0 ? { failureConverterPath } : {}),
    },
    hiding: numberHiding(keys),
  };
}
