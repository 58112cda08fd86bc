import { createHash } from 'node:crypto';
import type { Fault } from '../../../activities/validation/fault.js';
import type { Parameter } from './route.js';

/** The header `Idempotency-Key`; `what` it names. */
export function idempotencyKey(what: 'call' | 'batch' | 'bulk operation', example: string): Parameter {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    description: `Names this ${what}: the same key never starts a second one.`,
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
    example,
  };
}

/** What is wrong with this Idempotency-Key. Without a key nothing is. */
export function keyFaults(key: string | undefined): Fault[] {
  if (key === undefined || /^[\x20-\x7e]{1,255}$/.test(key)) return [];
  return [
    {
      path: 'Idempotency-Key',
      message: `has ${key.length} characters or some that are not printable ASCII; must be 1..255 printable ASCII characters`,
    },
  ];
}

/** The id of the call, batch or bulk operation that this key names. */
export function idOfKey(what: 'call' | 'batch' | 'bulk', key: string): string {
  return `${what}-${createHash('sha256').update(key).digest('hex')}`;
}

/** A SHA-256 that does not depend on the order of fields. */
export function hashOf(value: unknown): string {
  const text = JSON.stringify(sorted(value, 0));
  return createHash('sha256').update(text).digest('hex');
}

/** Nothing that is right is nested deeper, and only rows that are skipped may be wrong. */
const deepest = 20;

function sorted(value: unknown, depth: number): unknown {
  if (depth > deepest) return 'nested too deep';
  if (Array.isArray(value)) return value.map((one) => sorted(one, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner, depth + 1)]),
  );
}
