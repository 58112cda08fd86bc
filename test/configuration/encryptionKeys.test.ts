import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { workerConfiguration } from '../../src/config/configuration.js';
import { EncryptionCodec } from '../../src/encryption/encryptionCodec.js';
import { readEncryptionKeys } from '../../src/encryption/encryptionKeys.js';
import { numberHiding, searchableForms } from '../../src/encryption/numberHiding.js';
import { complete, faultsOf } from './faultsOf.js';

const base64 = (bytes = 32) => randomBytes(bytes).toString('base64');
const right = 'must be 32 bytes in base64, such as from: openssl rand -base64 32';

describe('RINGTRUE_ENCRYPTION_KEYS', () => {
  const short = base64(16);
  const long = base64(33);
  it.each([
    [
      short,
      ['has no usable key id in entry 1; must be KEYID:BASE64, with 1..64 letters, digits and ._- as the id'],
    ],
    [`k1:${short}`, [`has the key k1 of 16 bytes; ${right}`]],
    [`k1:${long}`, [`has the key k1 of 33 bytes; ${right}`]],
    ['k1:', [`has the key k1 of 0 bytes; ${right}`]],
    ['k1:not*base64', [`has the key k1, which is not base64; ${right}`]],
    [`k1:${base64()},k1:${base64()}`, ['has the key k1 twice; ids must differ']],
    [
      `k1:${short},:${base64()}`,
      [
        `has the key k1 of 16 bytes; ${right}`,
        'has no usable key id in entry 2; must be KEYID:BASE64, with 1..64 letters, digits and ._- as the id',
      ],
    ],
  ])('%s: a fault that names the key and does not show it', (text, faults) => {
    const found = faultsOf('worker', { ...complete, RINGTRUE_ENCRYPTION_KEYS: text });
    expect(found).toEqual(faults.map((fault) => `RINGTRUE_ENCRYPTION_KEYS ${fault}`));
    expect(found.join()).not.toContain(short);
  });

  it('two keys: the first encrypts, both are secrets of the log', () => {
    const [one, two] = [base64(), base64()];
    const configuration = workerConfiguration({
      ...complete,
      RINGTRUE_ENCRYPTION_KEYS: `2026-11:${one}, 2026-05:${two}`,
    });
    expect(configuration.encryptionKeys.map(({ id }) => id)).toEqual(['2026-11', '2026-05']);
    expect(configuration.secrets).toEqual(expect.arrayContaining([one, two]));
  });
});

function keysOf(text: string) {
  const read = readEncryptionKeys(text);
  if ('faults' in read) throw new Error(read.faults.join());
  return read.keys;
}

describe('the codec', () => {
  const [old, current] = keysOf(`old:${base64()},current:${base64()}`) as [never, never];
  const payload = defaultPayloadConverter.toPayload({ to: '+12065550123' }) as Payload;

  it('any payload: decrypted it is the same, and two encryptions of it differ', async () => {
    const codec = new EncryptionCodec([current, old]);
    const encrypted = await codec.encode([payload, payload]);
    expect(encrypted[0]?.data).not.toEqual(encrypted[1]?.data);
    expect(Buffer.from(encrypted[0]?.metadata?.['encryption-key-id'] ?? []).toString()).toBe('current');
    expect(Buffer.from(encrypted[0]?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
    const decoded = await codec.decode([...encrypted, payload]);
    for (const one of decoded)
      expect(defaultPayloadConverter.fromPayload(one)).toEqual({ to: '+12065550123' });
  });

  it('a payload that was changed, cut off, or whose key is gone: refused with the id of the key', async () => {
    const [encrypted] = (await new EncryptionCodec([old]).encode([payload])) as [Payload];
    const codec = new EncryptionCodec([current, old]);
    const changed = Buffer.from(encrypted.data ?? []);
    changed[20] = (changed[20] ?? 0) ^ 1;
    for (const data of [changed, changed.subarray(0, 8), undefined])
      await expect(codec.decode([{ ...encrypted, ...{ data } } as Payload])).rejects.toThrow(
        'with the key old:',
      );
    await expect(new EncryptionCodec([current]).decode([encrypted])).rejects.toThrow(
      'with the key old, which',
    );
  });

  it('a number in a search attribute: a hash of the last key, and little of the number', () => {
    const hidden = numberHiding([current, old])?.number('+12065550123');
    expect(hidden).toMatch(/^[0-9a-f]{32} \+12•••23$/);
    expect(numberHiding([old])?.number('+12065550123')).toBe(hidden);
    expect(searchableForms('+12065550123', [current, old])).toContain(hidden);
    expect(numberHiding([current])?.number('+12065550123')).not.toBe(hidden);
    expect(numberHiding([])).toBeNull();
  });
});
