import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalNumber,
  isSpellingOf,
  listedSpellings,
} from '../../activities/validation/canonicalNumber.js';

describe('canonicalNumber', () => {
  it.each([
    ['a trunk zero in Britain', '+4407700900123', '+447700900123'],
    ['a trunk zero in Germany', '+49017112345678', '+4917112345678'],
    ['a trunk zero in Colombia, which libphonenumber keeps', '+5703211234567', '+573211234567'],
    ['a trunk 8 in Russia', '+789141234567', '+79141234567'],
    ['06 in Hungary', '+3606301234567', '+36301234567'],
    ['a trunk 1 in the United States', '+112025550123', '+12025550123'],
    ['the 1 of Mexico until 2019', '+5215512345673', '+525512345673'],
    ['044 of Mexico', '+520445512345673', '+525512345673'],
    ['15 of mobiles in Argentina', '+54111523456789', '+5491123456789'],
  ])('%s: taken off', (_, odd, number) => {
    expect(canonicalNumber(odd)).toBe(number);
  });

  it.each([
    ['the zero of Italy', '+390612345678'],
    ['the zero of Ivory Coast', '+2250123456789'],
    ['800 in Russia, which begins with the trunk prefix', '+78001234567'],
    ['a mobile of Argentina', '+5491123456789'],
    ['a landline of Argentina, which may be another telephone', '+541123456789'],
    ['nine digits in Brazil, which may lack any digit', '+551187654321'],
    ['a number without a numbering plan', '+80012345678'],
    ['a number that is too long', '+150055508210'],
    ['a country code alone', '+44'],
    ['text', 'x'],
  ])('%s: stays', (_, number) => {
    expect(canonicalNumber(number)).toBe(number);
  });

  it('any number: E.164 again, and its own spelling', () => {
    const numbers = fc.stringMatching(/^\+[1-9]\d{1,14}$/);
    fc.assert(
      fc.property(numbers, (number) => {
        const canonical = canonicalNumber(number);
        expect(canonical).toMatch(/^\+[1-9]\d{1,14}$/);
        expect(canonicalNumber(canonical)).toBe(canonical);
        expect(isSpellingOf(number, canonical)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('listedSpellings', () => {
  it.each([
    ['+525512345673', ['+525512345673', '+5215512345673']],
    ['+541123456789', ['+541123456789', '+5491123456789']],
    ['+5491123456789', ['+5491123456789', '+541123456789']],
    ['+5511987654321', ['+5511987654321', '+551187654321']],
    ['+551123456789', ['+551123456789']],
    ['+15005550006', ['+15005550006']],
  ])('%s', (number, spellings) => {
    expect(listedSpellings(number)).toEqual(spellings);
  });
});
