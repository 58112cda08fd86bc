import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadDotEnv } from '../../src/config/loadDotEnv.js';

const usual = process.cwd();
const directory = mkdtempSync(join(tmpdir(), 'ringtrue-dot-env-'));
afterEach(() => {
  process.chdir(usual);
  rmSync(directory, { recursive: true, force: true });
});

it('a file that begins with a byte order mark: its first variable is set, and the environment takes precedence', () => {
  const names = ['RINGTRUE_DOT_ENV_FIRST', 'RINGTRUE_DOT_ENV_SECOND'] as const;
  const [first, second] = names;
  writeFileSync(
    join(directory, '.env'),
    `\uFEFF${first}={"start":"08:00"}\n# no comment\n${second}='from the file'\n`,
  );
  process.env[second] = 'from the environment';
  process.chdir(directory);
  try {
    loadDotEnv();
    expect(names.map((name) => process.env[name])).toEqual(['{"start":"08:00"}', 'from the environment']);
  } finally {
    for (const name of names) delete process.env[name];
  }
});
