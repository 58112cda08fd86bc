import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { livePolicies } from '../../src/config/livePolicies.js';
import { readPolicies } from '../../src/config/policies.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';

const content = (maxAttempts: number) => JSON.stringify({ mine: { maxAttempts } });

let directory: string;
let file: string;
let lines: { level: string; text: string; faults: string[] }[];
let metrics: Registry;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringtrue-live-policies-'));
  file = join(directory, 'policies.json');
  lines = [];
  metrics = new Registry();
});

function policiesIn(path = file, checkEveryMs = 0): () => Record<string, RetryPolicy> {
  const log = {
    info: (text: string) => void lines.push({ level: 'info', text, faults: [] }),
    error: ({ faults }: { faults: string[] }, text: string) =>
      void lines.push({ level: 'error', text, faults }),
  } as unknown as Parameters<typeof livePolicies>[1]['log'];
  const read = readPolicies(path);
  if ('faults' in read) throw new Error(read.faults.join());
  return livePolicies({ path, atStart: read.policies }, { log, metrics, checkEveryMs });
}

const faultsCounted = async () =>
  (await metrics.getSingleMetric('ringtrue_policy_faults')?.get())?.values[0]?.value;

describe('the policy file changes while the process runs', () => {
  it.each<[string, () => string, (path: string) => void]>([
    [
      'written in place',
      () => {
        writeFileSync(file, content(2));
        return file;
      },
      (path) => writeFileSync(path, content(33)),
    ],
    [
      'another file is renamed to it, of the same size, as editors do',
      () => {
        writeFileSync(file, content(2));
        return file;
      },
      (path) => {
        writeFileSync(`${path}.new`, content(3));
        renameSync(`${path}.new`, path);
      },
    ],
    [
      'the directory behind a link is exchanged, as Kubernetes does',
      () => {
        for (const [version, attempts] of [
          ['v1', 2],
          ['v2', 3],
        ] as const) {
          mkdirSync(join(directory, version));
          writeFileSync(join(directory, version, 'policies.json'), content(attempts));
        }
        symlinkSync('v1', join(directory, 'data'));
        symlinkSync(join('data', 'policies.json'), file);
        return file;
      },
      () => {
        symlinkSync('v2', join(directory, 'data.new'));
        renameSync(join(directory, 'data.new'), join(directory, 'data'));
      },
    ],
  ])('%s: new calls use it', (_, begin, change) => {
    const now = policiesIn(begin());
    expect(now().mine?.maxAttempts).toBe(2);
    change(file);
    expect(now().mine?.maxAttempts).toBeGreaterThan(2);
    expect(now().standard?.maxAttempts).toBe(3);
    expect(lines).toEqual([
      {
        level: 'info',
        text: 'RINGTRUE_POLICIES has changed. New calls use it: default, standard, mine.',
        faults: [],
      },
    ]);
  });

  it('the file does not change: nothing is logged', () => {
    writeFileSync(file, content(2));
    const now = policiesIn();
    now();
    writeFileSync(file, content(2));
    now();
    expect(lines).toEqual([]);
  });

  it('faulty: the policies before it stay, and each fault is logged once; valid again: logged', async () => {
    writeFileSync(file, content(2));
    const now = policiesIn();
    now();
    expect(await faultsCounted()).toBe(0);
    writeFileSync(file, '{"mine": {"maxAttempts": 0, "retryOn": ["sip:607"]}, "other": 1}');
    for (const _ of [1, 2, 3]) expect(now().mine?.maxAttempts).toBe(2);
    expect(lines).toEqual([
      {
        level: 'error',
        text: expect.stringContaining('new calls use the policies before the change'),
        faults: [
          'RINGTRUE_POLICIES, policy "mine": maxAttempts is 0; must be an integer 1..100, the first attempt included',
          'RINGTRUE_POLICIES, policy "mine": retryOn.0 is "sip:607", after which no policy dials again; must be left out',
          expect.stringContaining('RINGTRUE_POLICIES, policy "other"'),
        ],
      },
    ]);
    expect(await faultsCounted()).toBe(3);
    writeFileSync(file, content(4));
    expect(now().mine?.maxAttempts).toBe(4);
    expect(lines.slice(1).map(({ text }) => text)).toEqual([
      'RINGTRUE_POLICIES is valid again. New calls use it: default, standard, mine.',
    ]);
    expect(await faultsCounted()).toBe(0);
  });

  it('the file is missing: logged once, and the policies before stay; it is back: its policies are in force', () => {
    writeFileSync(file, content(2));
    const now = policiesIn();
    now();
    rmSync(file);
    for (const _ of [1, 2]) expect(now().mine?.maxAttempts).toBe(2);
    expect(lines.map(({ level }) => level)).toEqual(['error']);
    writeFileSync(file, content(3));
    expect(now().mine?.maxAttempts).toBe(3);
  });

  it('the file changed between the start and the first call: noticed', () => {
    writeFileSync(file, content(2));
    const now = policiesIn();
    writeFileSync(file, content(3));
    expect(now().mine?.maxAttempts).toBe(3);
  });

  it('asked again within the interval: the file is not checked', () => {
    writeFileSync(file, content(2));
    const now = policiesIn(file, 3_600_000);
    now();
    writeFileSync(file, content(3));
    expect(now().mine?.maxAttempts).toBe(2);
  });

  it('no file: the policies of the start', () => {
    const log = { info: () => {}, error: () => {} };
    const now = livePolicies({ path: null, atStart: {} }, { log, metrics });
    expect(now()).toEqual({});
  });

  it('a policy named __proto__: a fault', () => {
    writeFileSync(file, '{"__proto__": {"maxAttempts": 2}}');
    expect(readPolicies(file)).toEqual({
      faults: ['RINGTRUE_POLICIES, policy "__proto__": its name cannot be used; must be another one'],
    });
  });
});
