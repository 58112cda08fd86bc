import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
// Node finds no named exports in this package.
import proto from '@temporalio/proto';
import type { EncryptionKey } from './encryptionKeys.js';

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** As in the samples of Temporal's SDKs. */
const encryptedEncoding = 'binary/encrypted';
const keyIdField = 'encryption-key-id';

/** A payload is encrypted with a key that this process does not have. */
export class MissingEncryptionKey extends Error {
  override readonly name = 'MissingEncryptionKey';
  constructor(readonly keyId: string) {
    super(
      `A payload is encrypted with the key ${keyId}, which RINGTRUE_ENCRYPTION_KEYS of this process does not have. Add the key and restart. The call waits for it, and nothing is lost`,
    );
  }
}

/** A payload cannot be decrypted with the key that it names. */
export class UndecipherablePayload extends Error {
  override readonly name = 'UndecipherablePayload';
}

/**
 * Encrypts payloads with the first key and decrypts them with the key that they name. Payloads that are not
 * encrypted pass through `decode` unchanged, so clients without keys can start calls too. Without keys, `encode`
 * changes nothing.
 *
 * AES-256-GCM over the whole encoded payload: 12 bytes of nonce, the ciphertext, 16 bytes of tag.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: Map<string, Buffer>;
  readonly #current: EncryptionKey | null;
  readonly #onMissing: (keyId: string) => void;

  constructor(keys: readonly EncryptionKey[], onMissing: (keyId: string) => void = () => {}) {
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]));
    this.#current = keys[0] ?? null;
    this.#onMissing = onMissing;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const current = this.#current;
    return current === null ? payloads : payloads.map((payload) => encrypted(payload, current));
  }

  /** Throws `MissingEncryptionKey` and `UndecipherablePayload`. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#decrypted(payload));
  }

  #decrypted(payload: Payload): Payload {
    if (textIn(payload, 'encoding') !== encryptedEncoding) return payload;
    const keyId = textIn(payload, keyIdField);
    const key = this.#keys.get(keyId);
    if (key === undefined) {
      this.#onMissing(keyId);
      throw new MissingEncryptionKey(keyId);
    }
    const data = payload.data ?? new Uint8Array();
    try {
      const decipher = createDecipheriv(algorithm, key, data.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAuthTag(data.subarray(Math.max(nonceBytes, data.length - tagBytes)));
      const ciphertext = data.subarray(nonceBytes, data.length - tagBytes);
      return PayloadProto.decode(Buffer.concat([decipher.update(ciphertext), decipher.final()])) as Payload;
    } catch (cause) {
      throw new UndecipherablePayload(
        `A payload cannot be decrypted with the key ${keyId}: it was changed, or another key has this id now`,
        { cause },
      );
    }
  }
}

function encrypted(payload: Payload, { id, key }: EncryptionKey): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  const ciphertext = [cipher.update(PayloadProto.encode(payload).finish()), cipher.final()];
  return {
    metadata: { encoding: Buffer.from(encryptedEncoding), [keyIdField]: Buffer.from(id) },
    data: Buffer.concat([nonce, ...ciphertext, cipher.getAuthTag()]),
  };
}

function textIn({ metadata }: Payload, name: string): string {
  return Buffer.from(metadata?.[name] ?? []).toString();
}
