import { randomBytes } from 'node:crypto';

/** A new Twilio identifier: two letters and 32 hexadecimal digits. */
export function newSid(prefix: 'CA' | 'NO' | 'RE'): string {
  return prefix + randomBytes(16).toString('hex');
}
