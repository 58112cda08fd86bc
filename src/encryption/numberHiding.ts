import { createHmac } from 'node:crypto';
import type { Hiding } from '../../activities/deps/activitySettings.js';
import type { EncryptionKey } from './encryptionKeys.js';

/** 128 bits, in hex. */
const hashCharacters = 32;

/**
 * What search attributes hold instead of a number, since Temporal does not encrypt them. The last key makes the
 * hash, so that a rotation, which puts a new key in front, changes nothing until the last key is removed.
 * Null without keys.
 */
export function numberHiding(keys: readonly EncryptionKey[]): Hiding | null {
  const last = keys.at(-1);
  return last === undefined ? null : hidingWith(last);
}

/** Every form in which a search attribute may hold the number: under each key, and plain. */
export function searchableForms(number: string, keys: readonly EncryptionKey[]): string[] {
  return [number, ...keys.map((key) => hidingWith(key).number(number))];
}

function hidingWith({ key }: EncryptionKey): Hiding {
  const own = createHmac('sha256', key).update('ringtrue search attributes').digest();
  const hashOf = (text: string) =>
    createHmac('sha256', own).update(text).digest('hex').slice(0, hashCharacters);
  return {
    number: (number) => `${hashOf(number)} ${number.slice(0, 3)}•••${number.slice(-2)}`,
    text: hashOf,
  };
}
