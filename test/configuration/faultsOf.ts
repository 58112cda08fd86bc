import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  apiConfiguration,
  devConfiguration,
  setupConfiguration,
  simulatorConfiguration,
  workerConfiguration,
} from '../../src/config/configuration.js';
import { ConfigurationError } from '../../src/config/configurationReader.js';

export const accountSid = `AC${'1'.repeat(32)}`;
export const apiKey = `SK${'2'.repeat(32)}`;
/** What `api` and `worker` cannot do without. */
export const complete = {
  TWILIO_ACCOUNT_SID: accountSid,
  TWILIO_AUTH_TOKEN: 'the-token',
  RINGTRUE_PUBLIC_URL: 'https://calls.example.com',
  RINGTRUE_API_TOKENS: 'the-api-token',
  DATABASE_URL: 'postgres://ringtrue:very-secret@db.example.com:5432/ringtrue',
};
/** The simulator on this machine stands in for Twilio. */
export const local = {
  TWILIO_BASE_URL: 'http://127.0.0.1:3001',
  RINGTRUE_PUBLIC_URL: 'http://localhost:3000',
};

export const readers = {
  api: apiConfiguration,
  worker: workerConfiguration,
  dev: devConfiguration,
  setup: setupConfiguration,
  simulator: simulatorConfiguration,
};

export function faultsOf(role: keyof typeof readers, env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readers[role](env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

/** A file with this content. */
export function file(content: string): string {
  const path = join(tmpdir(), `ringtrue-policies-${process.pid}-${Math.random()}.json`);
  writeFileSync(path, content);
  return path;
}
