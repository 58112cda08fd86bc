import { expect, it } from 'vitest';
import { invisibleCharacters, withoutInvisible } from '../../activities/validation/withoutInvisible.js';

it.each([
  ['U+200B ZERO WIDTH SPACE', '\u200b'],
  ['U+FE0F VARIATION SELECTOR-16', '\ufe0f'],
  ['U+3164 HANGUL FILLER', '\u3164'],
  ['U+034F COMBINING GRAPHEME JOINER', '\u034f'],
])('%s: taken out of a number, and named in a fault', (name, character) => {
  expect(withoutInvisible(`+15005550006${character}`)).toBe('+15005550006');
  expect(invisibleCharacters(`+15005550006${character}`)).toEqual([name]);
});
