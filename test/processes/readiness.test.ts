import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Readiness } from '../../src/process/readiness.js';

function counted() {
  const readiness = new Readiness();
  let count = 0;
  let trouble: string | null = null;
  readiness.probe('store', async () => {
    count++;
    if (trouble !== null) throw new Error(trouble);
  });
  const fail = (message: string) => {
    trouble = message;
  };
  return { readiness, count: () => count, fail };
}

it('many checks within a second: one probe', async () => {
  const { readiness, count } = counted();
  const checks = await Promise.all(Array.from({ length: 60 }, () => readiness.check()));
  for (const _ of Array(60)) checks.push(await readiness.check());
  expect(new Set(checks.map((check) => JSON.stringify(check)))).toEqual(
    new Set(['{"ready":true,"checks":{"store":"ok"}}']),
  );
  expect(count()).toBe(1);
});

it('the probe fails later: seen after a second', async () => {
  const { readiness, count, fail } = counted();
  await readiness.check();
  fail('is away');
  await pause(1_050);
  expect(await readiness.check()).toEqual({ ready: false, checks: { store: 'is away' } });
  expect(count()).toBe(2);
});

it('a part reports trouble: seen at once', async () => {
  const { readiness } = counted();
  await readiness.check();
  readiness.report('worker', 'is starting');
  expect(await readiness.check()).toEqual({ ready: false, checks: { store: 'ok', worker: 'is starting' } });
});

it('a probe hangs: checks share it and do not pile up', async () => {
  const readiness = new Readiness();
  let count = 0;
  readiness.probe('store', () => {
    count++;
    return new Promise(() => {});
  });
  const first = readiness.check();
  await pause(1_500);
  const [one, other] = await Promise.all([first, readiness.check()]);
  expect(one).toEqual({ ready: false, checks: { store: 'gave no answer within 3 s' } });
  expect(other).toEqual(one);
  expect(count).toBe(1);
});

it('the store hangs: asking about Temporal alone is answered at once', async () => {
  const readiness = new Readiness();
  readiness.probe('store', () => new Promise(() => {}));
  readiness.probe('temporal', async () => {});
  readiness.report('worker', 'is starting');
  readiness.note('twilioAccount', 'not asked yet');
  void readiness.check();
  const startedAt = performance.now();
  expect(await readiness.check('temporal')).toEqual({ ready: true, checks: { temporal: 'ok' } });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
