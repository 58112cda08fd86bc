import { randomUUID } from 'node:crypto';
import { afterAll, expect, inject, it } from 'vitest';
import { freePort } from '../../src/process/freePort.js';
import { type RunningSimulator, startSimulator } from '../../src/simulator/api/startSimulator.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { allPages, blocksOf, type Page } from './pages.js';
import { commandsOf } from './shell.js';

let simulator: RunningSimulator | undefined;
let dev: RingtrueProcess | undefined;
afterAll(async () => {
  await dev?.stop();
  await simulator?.close();
});

/** A trial account at a simulator stands for Twilio, and answers only to what the page says. */
it('docs/first-call.md: with its variables the doctor finds no fault, and its call is answered and decided by polling', async () => {
  const page = allPages().find(({ name }) => name === 'docs/first-call.md') as Page;
  const blocks = blocksOf(page);
  const lines =
    blocks
      .find(({ language }) => language === 'ini')
      ?.code.trim()
      .split('\n') ?? [];
  const variables = Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string]));
  expect(Object.keys(variables)).toHaveLength(4);
  const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => commandsOf(code));
  const argsOf = (name: string) => {
    const command = commands.findLast((one) => one.startsWith(`npx ringtrue ${name}`)) ?? '';
    return (command.slice('npx ringtrue '.length).match(/"[^"]*"|\S+/g) ?? []).map((word) =>
      word.replaceAll('"', ''),
    );
  };
  const [, to = ''] = argsOf('call');
  simulator = await startSimulator({
    accountSid: variables.TWILIO_ACCOUNT_SID ?? '',
    authToken: variables.TWILIO_AUTH_TOKEN ?? '',
    account: { type: 'Trial', phoneNumbers: [variables.TWILIO_FROM ?? ''], callerIds: [to] },
  });
  const ports = await Promise.all([1, 2, 3].map(() => freePort('127.0.0.1')));
  const [port, temporal, ui] = ports.map(String) as [string, string, string];
  const env = {
    ...variables,
    TWILIO_BASE_URL: simulator.url,
    PORT: port,
    RINGTRUE_TEMPORAL_PORT: temporal,
    RINGTRUE_TEMPORAL_UI_PORT: ui,
    RINGTRUE_TASK_QUEUE: `first-${randomUUID()}`,
    // Else the first poll comes after fifteen seconds.
    RINGTRUE_POLL_INTERVAL_SECONDS: '1',
    TEMPORAL_CLI_PATH: inject('temporalCliPath'),
  };
  dev = new RingtrueProcess(argsOf('dev'), env);
  await dev.prints('Try:');
  const doctor = new RingtrueProcess(argsOf('doctor'), env);
  const { status } = await doctor.ended;
  expect({ status, stdout: doctor.stdout }).toEqual({
    status: 0,
    stdout: expect.stringContaining('All is well.'),
  });
  expect(doctor.stdout).toMatch(/A trial account calls only verified numbers/);
  const call = new RingtrueProcess([...argsOf('call'), '--json'], env);
  expect((await call.ended).status).toBe(0);
  expect(JSON.parse(call.stdout)).toMatchObject({ to, outcome: { outcome: 'answered', decidedBy: 'poll' } });
}, 120_000);
