import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** Sets the variables of the file `.env` in the working directory. The environment takes precedence. */
export function loadDotEnv(): void {
  if (!existsSync('.env')) return;
  // Some editors put a byte order mark before the first name.
  const variables = parseEnv(readFileSync('.env', 'utf8').replace(/^\uFEFF/, ''));
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
}
