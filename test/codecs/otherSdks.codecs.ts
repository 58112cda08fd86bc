import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { bytesInTemporal, encryptionWith, newKey } from '../privacy/testKeys.js';
import { callHandle } from '../support/callBench.js';
import { useCallBench } from '../support/useCallBench.js';

const run = promisify(execFile);
const examples = fileURLToPath(new URL('../../docs/examples/codec/', import.meta.url));
const keys = [newKey('current'), newKey('former')];
const encryption = encryptionWith(...keys);
const context = useCallBench({}, { encryption });
let directory: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringtrue-codecs-'));
  cpSync(examples, directory, { recursive: true });
  env = {
    ...process.env,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    RINGTRUE_TASK_QUEUE: context.bench.taskQueue,
    RINGTRUE_ENCRYPTION_KEYS: keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(','),
  };
});

/** Prepares the example of a language, and returns how it is run with these arguments. */
const languages: Record<string, () => Promise<(...args: string[]) => Promise<string>>> = {
  Python: async () => {
    await run('python3', ['-m', 'venv', join(directory, 'venv')]);
    const python = join(directory, 'venv', 'bin', 'python3');
    await run(python, ['-m', 'pip', 'install', '--quiet', 'temporalio', 'cryptography']);
    return async (...args) => (await run(python, ['call.py', ...args], { cwd: directory, env })).stdout;
  },
  Go: async () => {
    await run('go', ['mod', 'tidy'], { cwd: directory });
    await run('go', ['build', '-o', 'call', '.'], { cwd: directory });
    return async (...args) => (await run(join(directory, 'call'), args, { cwd: directory, env })).stdout;
  },
};

const yes = () => true;
const no = () => false;

describe('docs/examples/codec', () => {
  it.each(Object.keys(languages))(
    '%s: its client starts an encrypted call, and reads the encrypted outcome',
    async (language) => {
      const place = (await languages[language]?.()) as (...args: string[]) => Promise<string>;
      const callId = `call-${randomUUID()}`;
      const placed = place(callId, context.to);
      placed.catch(() => {});
      const call = callHandle(context.bench.client, callId);
      const isThere = () => call.handle.describe().then(yes, no);
      // Ends with the error of a client that starts nothing.
      await Promise.race([placed, vi.waitUntil(isThere, { timeout: 60_000, interval: 100 })]);
      const { attempts } = await call.until((state) => state.state === 'queued');
      await call.callback(1, attempts[0]?.callSid as string, 'completed', { CallDuration: '3' });
      expect(JSON.parse(await placed)).toMatchObject({ callId, to: context.to, outcome: 'answered' });
      const bytes = await bytesInTemporal(call.handle);
      expect([context.to.slice(1), 'Hello'].filter((text) => bytes.includes(text))).toEqual([]);
    },
  );
});
