import { existsSync } from 'node:fs';

/** Sets the variables of the file `.env` in the working directory. The environment takes precedence. */
export function loadDotEnv(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
