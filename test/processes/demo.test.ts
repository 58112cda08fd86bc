import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { expectations } from '../../src/dev/demo/expectations.js';
import { showcase } from '../../src/simulator/numbers/numbers.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';

it('every number of the showcase has an expected outcome', () => {
  expect(Object.keys(expectations).sort()).toEqual(showcase.map(({ to }) => to).sort());
});

it('`ringtrue demo --exit`: every call has its expected outcome, real systems are ignored, status 0', async () => {
  const demo = new RingtrueProcess(['demo', '--exit'], {
    RINGTRUE_DATA_DIR: mkdtempSync(join(tmpdir(), 'ringtrue-demo-')),
    TEMPORAL_CLI_PATH: inject('temporalCliPath'),
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    DATABASE_URL: 'postgres://nobody@db.example.com/x',
  });
  const { status } = await demo.ended;
  expect(`${status} ${demo.stdout}${demo.stderr}`).toMatch(/^0 /);
  expect(demo.stdout).toContain('so it ignores DATABASE_URL, TEMPORAL_ADDRESS.');
  const endTable = demo.stdout.slice(demo.stdout.indexOf('NUMBER'));
  for (const [number, { outcome, decidedBy }] of Object.entries(expectations))
    expect(endTable.split('\n').find((line) => line.startsWith(number))).toMatch(
      new RegExp(`^\\${number} +${outcome} .*\\b${decidedBy}\\b`),
    );
  expect(demo.stdout).toMatch(/\/namespaces\/default\/workflows\/call-[^/]+\/[^/]+\/timeline/);
}, 120_000);
