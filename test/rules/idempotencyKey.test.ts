import { expect, it } from 'vitest';
import { hashOf } from '../../src/api/http/idempotencyKey.js';

it('the order of fields does not count', () => {
  expect(hashOf({ a: 1, b: { c: [1], d: 2 } })).toBe(hashOf({ b: { d: 2, c: [1] }, a: 1 }));
  expect(hashOf({ a: [1, 2] })).not.toBe(hashOf({ a: [2, 1] }));
});

it('nested as deep as a body can be: a hash', () => {
  let nested: unknown[] = [];
  for (let depth = 0; depth < 1_000_000; depth++) nested = [nested];
  expect(hashOf(nested)).toMatch(/^[0-9a-f]{64}$/);
});
