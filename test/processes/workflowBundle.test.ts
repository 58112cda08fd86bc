import { mkdtempSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { workflowBundle } from '../../src/worker/workflowBundle.js';

it('second start with the same sources: no new bundle, and old bundles are removed', async () => {
  const keepIn = mkdtempSync(join(tmpdir(), 'ringtrue-bundle-'));
  const old = join(keepIn, 'workflows-0123456789abcdef.js');
  writeFileSync(old, '');
  utimesSync(old, 0, 0);
  const path = await workflowBundle(keepIn);
  const { mtimeMs, size } = statSync(path);
  expect(size).toBeGreaterThan(100_000);
  expect(await workflowBundle(keepIn)).toBe(path);
  expect(statSync(path).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(keepIn).map((name) => join(keepIn, name))).toEqual([path]);
});
