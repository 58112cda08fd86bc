import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RingtrueProcess } from '../support/ringtrueProcess.js';

const directory = mkdtempSync(join(tmpdir(), 'ringtrue-policy-'));
function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function run(args: string[], env: Record<string, string> = {}) {
  const process = new RingtrueProcess(['policy', ...args], env);
  const { status } = await process.ended;
  return { status, stdout: process.stdout, stderr: process.stderr };
}

const evening = file(
  'evening.json',
  JSON.stringify({
    evening: {
      maxAttempts: 4,
      retryOn: ['busy', 'no-answer', 'answered-by-machine'],
      intervals: { busy: [120, 300] },
      backoff: { 'sip:480': { initialIntervalSeconds: 3600 } },
    },
  }),
);
const scene = ['--start', '2026-01-30T19:54:00Z', '--window', '08:00-21:00', '--to', '+4930123456'];

// Each test starts a process of its own, and processes can start side by side.
describe.concurrent('ringtrue policy explain', () => {
  it('for people: prints what docs/policies.md shows', async () => {
    const docs = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
    const [policies = ''] = /(?<=```json\n)\{\n {2}"default"[^`]*/.exec(docs) ?? [];
    const path = file('policies.json', policies);
    const shown = [...docs.matchAll(/\$ ringtrue policy (explain [^`]*?[^\\])\n([^`]*)```/g)];
    expect(shown).toHaveLength(2);
    for (const [, command = '', output] of shown) {
      const args = command.replace('policies.json', path).split(/[\s\\]+/);
      expect(await run(args)).toEqual({ status: 0, stdout: output, stderr: '' });
    }
  });

  it('for programs, and without a file: the policies of RINGTRUE_POLICIES and those built in', async () => {
    const { status, stdout } = await run(['explain', '--outcomes', 'busy', '--json', ...scene], {
      RINGTRUE_POLICIES: evening,
    });
    expect(status).toBe(0);
    const { policies, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      startAt: '2026-01-30T19:54:00.000Z',
      outcomes: ['busy'],
      timeZones: ['Europe/Berlin'],
    });
    expect(policies.map(({ name }: { name: string }) => name)).toEqual(['default', 'standard', 'evening']);
    expect(policies[1].earliest).toEqual({
      rings: [
        { attempt: 1, at: '2026-01-30T19:54:00.000Z', wait: null, heldByWindow: false },
        {
          attempt: 2,
          at: '2026-01-30T19:59:00.000Z',
          wait: { seconds: 300, from: 'initialIntervalSeconds', because: 'busy' },
          heldByWindow: false,
        },
        {
          attempt: 3,
          at: '2026-01-31T07:00:00.000Z',
          wait: { seconds: 600, from: 'initialIntervalSeconds', because: 'busy' },
          heldByWindow: true,
        },
      ],
      endedBecause: { code: 'max-attempts', message: 'Attempt 3 of 3 was the last' },
      outcome: 'busy',
    });
    expect(policies[1].latest).toEqual(policies[1].earliest);
  });

  it.each([
    ['a premium-rate number', '+19005551234', {}, 'a premium-rate number'],
    ['a country that is not allowed', '+4930123456', { RINGTRUE_DESTINATIONS: 'US' }, 'a number of DE'],
    ['a faulty setting', '+4930123456', { RINGTRUE_DESTINATIONS: '49' }, 'RINGTRUE_DESTINATIONS names "49"'],
  ])('--to is %s: a fault, status 2', async (_, to, env, fault) => {
    const { status, stderr } = await run(['explain', '--to', to], env);
    expect(status).toBe(2);
    expect(stderr).toContain(fault);
  });

  it('wrong options: names every fault, status 2', async () => {
    const { status, stderr, stdout } = await run([
      'explain',
      ...[
        '--outcomes',
        'bussy,error:20003',
        '--window',
        '8-21:00',
        '--give-up-at',
        'soon',
        '--policy',
        'morning',
      ],
    ]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    for (const fault of [
      '--policy is "morning"; must be one of default, standard',
      '--outcomes "bussy" is not a way in which an attempt can end; must be one of answered, answered-by-machine',
      '--outcomes "error:20003" ends no attempt',
      '--window (its start) is "8"; must be a local time HH:MM, 00:00..23:59',
      '--give-up-at is "soon"; must be an RFC 3339 time',
      '--window is given without --to and --time-zone; must have one of them',
    ])
      expect(stderr).toContain(`  - ${fault}`);
  });
});

describe.concurrent('ringtrue policy check', () => {
  it('a valid file: names its policies', async () => {
    const { status, stdout } = await run(['check', evening]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `${evening} is valid. Policies: default, standard, evening.\n`,
    });
  });

  it('a faulty file: names every fault, status 2', async () => {
    const path = file(
      'faulty.json',
      '{"a": {"maxAttempts": 0, "jitter": 2}, "b": {"maxAttempts": 2, "retryOn": "busy"}}',
    );
    const { status, stderr, stdout } = await run(['check', path]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /has 3 faults:\n {2}- \S*faulty\.json, policy "a": maxAttempts is 0.*\n.*jitter is 2.*\n.*policy "b": retryOn/,
    );
  });
});
