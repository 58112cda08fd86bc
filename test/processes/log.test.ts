import { expect, it } from 'vitest';
import { hide } from '../../src/process/log.js';

const secrets = ['auth-token-1', 'abc'];

it.each([
  ['call to +15005550006 failed', 'call to +1500•••0006 failed'],
  ['/calls?to=%2B15005550006', '/calls?to=+1500•••0006'],
  ['"to":"+4915112345678","from":"+15005550006"', '"to":"+4915•••5678","from":"+1500•••0006"'],
  ['at 2026-11-24T11:43:08+0100', 'at 2026-11-24T11:43:08+0100'],
  ['Basic auth-token-1', 'Basic (secret)'],
  ['abc is too short to be a secret', 'abc is too short to be a secret'],
])('a line says %s: it is shown as %s', (line, shown) => {
  expect(hide(line, { secrets, numbers: true })).toBe(shown);
});

it('somebody debugs: numbers are shown, secrets are not', () => {
  expect(hide('+15005550006 auth-token-1', { secrets, numbers: false })).toBe('+15005550006 (secret)');
});
