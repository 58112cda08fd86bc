import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectations } from '../../src/dev/demo/expectations.js';
import { showcase } from '../../src/simulator/numbers/numbers.js';
import { root } from './pages.js';

it('the picture of the demo shows every call of the demo with its outcome; `npm run pictures` draws it again', () => {
  const shown = [
    ...readFileSync(join(root, 'docs/demo.svg'), 'utf8').matchAll(/<text[^>]*>([^<]*)<\/text>/g),
  ].map(([, text = '']) => text);
  const rows = showcase.map(({ happens }) => {
    const at = shown.findIndex((text) => text.toLowerCase() === happens.toLowerCase());
    return at < 0 ? `not shown: ${happens}` : `${shown[at + 1]} by ${shown[at + 3]}`;
  });
  expect(rows).toEqual(
    showcase.map(({ to }) => `${expectations[to]?.outcome} by ${expectations[to]?.decidedBy}`),
  );
});
