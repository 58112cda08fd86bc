import { existsSync } from 'node:fs';

/** Takes variables from a file `.env` in the working directory, where the environment does not set them itself. */
export function loadDotEnv(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
