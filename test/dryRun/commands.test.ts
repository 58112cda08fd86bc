import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useApi } from '../api/useApi.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const api = useApi(context);

async function run(...args: string[]) {
  const process = new RingtrueProcess(args, { RINGTRUE_API_URL: api.origin });
  const { status } = await process.ended;
  return { status, stdout: process.stdout, stderr: process.stderr };
}

it('ringtrue call --dry-run: says what the API says, as text and as JSON, and dials nothing', async () => {
  const { to } = context;
  await context.store.addToDoNotCall({ to, reason: 'asked us to', expiresAt: null, source: 'api' });
  const args = ['call', to, '--say', 'Hello', '--dry-run'];
  const [text, json] = await Promise.all([run(...args), run(...args, '--json')]);
  expect(text).toMatchObject({ status: 0, stderr: '' });
  expect(text.stdout).toContain(
    `${to} would not be called.\n  forbidden by do-not-call: The number is on the do-not-call list (api): asked us to\n`,
  );
  const body = { to, twiml: '<Response><Say>Hello</Say></Response>' };
  expect(JSON.parse(json.stdout)).toEqual((await api.post('/calls?dryRun=true', body)).json);
  expect(context.twilio.requests).toEqual([]);
});

it('ringtrue batch start --dry-run: counts per rule and names faulty rows, and starts nothing', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'ringtrue-dry-')), 'numbers.csv');
  writeFileSync(path, `to\n${context.to}\n12\n`);
  const defaults = JSON.stringify({ twiml: '<Response/>', notBefore: '2099-01-01T00:00:00Z' });
  const name = path;
  const args = ['batch', 'start', path, '--name', name, '--defaults', defaults, '--dry-run'];
  const [text, json] = await Promise.all([run(...args), run(...args, '--json')]);
  expect(text).toMatchObject({ status: 0, stderr: '' });
  expect(text.stdout).toContain('2 rows: 1 with faults, 0 forbidden, 1 delayed.\n');
  expect(text.stdout).toContain('  1 call delayed by not-before: ');
  expect(text.stdout).toContain('  row 2: to is "12"');
  expect(JSON.parse(json.stdout)).toMatchObject({ total: 2, faultyRows: 1, delayed: 1 });
  const { batches } = (await api.get('/batches?limit=200')).json;
  expect(batches.map(({ name }: { name: string }) => name)).not.toContain(name);
});
