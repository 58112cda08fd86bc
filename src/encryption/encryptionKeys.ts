/** One entry of `RINGTRUE_ENCRYPTION_KEYS`. */
export interface EncryptionKey {
  /** Stands in the metadata of every payload that the key encrypts. */
  id: string;
  /** 32 bytes. */
  key: Buffer;
}

const keyBytes = 32;
const right = `${keyBytes} bytes in base64, such as from: openssl rand -base64 ${keyBytes}`;

/**
 * The keys of `KEYID:BASE64`, separated by commas, or every fault. A fault names a key by its id, and an entry
 * without a usable id by its position, from 1. It repeats nothing else, since that may be the key.
 */
export function readEncryptionKeys(text: string): { keys: EncryptionKey[] } | { faults: string[] } {
  const faults: string[] = [];
  const keys: EncryptionKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const colon = entry.indexOf(':');
    const id = entry.slice(0, Math.max(colon, 0)).trim();
    const base64 = entry.slice(colon + 1).trim();
    const bytes = Buffer.from(base64, 'base64');
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id))
      faults.push(
        `has no usable key id in entry ${index + 1}; must be KEYID:BASE64, with 1..64 letters, digits and ._- as the id`,
      );
    else if (keys.some((key) => key.id === id)) faults.push(`has the key ${id} twice; ids must differ`);
    else if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64))
      faults.push(`has the key ${id}, which is not base64; must be ${right}`);
    else if (bytes.length !== keyBytes)
      faults.push(`has the key ${id} of ${bytes.length} bytes; must be ${right}`);
    else keys.push({ id, key: bytes });
  }
  return faults.length > 0 ? { faults } : { keys };
}
