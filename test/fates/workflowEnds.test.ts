import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { twilioClients } from '../../activities/accounts/twilioClients.js';
import type { ActivityEvent } from '../../activities/deps/activityDeps.js';
import type { WorkflowCheck } from '../../activities/store/calls/workflowEnds.js';
import { callAnswerSchema } from '../../src/api/calls/callAnswerSchema.js';
import { watchWorkflows } from '../../src/worker/watchWorkflows.js';
import { eventually, useApi } from '../api/useApi.js';
import { accountSid, type CallHandle } from '../support/callBench.js';
import { cut } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ absentAfterSeconds: 2 }, { ownDatabase: true });
const api = useApi(context);
const later = () => new Date(Date.now() + 3_600_000).toISOString();

/** Looks for ended workflows as a worker does, but faster. */
function watch() {
  const stopping = new AbortController();
  const lines: string[] = [];
  const events: ActivityEvent[] = [];
  const log = (_: unknown, line: string) => void lines.push(line);
  const { store, bench } = context;
  const search = watchWorkflows({
    store,
    temporal: bench.client,
    settings: bench.settings,
    twilio: twilioClients(),
    emit: (event) => void events.push(event),
    log: { info: log, warn: log } as never,
    signal: stopping.signal,
    pace: { minAgeSeconds: 0, pauseSeconds: 0.1, restSeconds: 0.1 },
  });
  const stop = async () => {
    stopping.abort();
    await search;
  };
  onTestFinished(stop);
  return { lines, events, stop };
}

async function placed(callId?: string) {
  const call = await context.bench.start({ to: context.to, lookup: 'off' }, callId);
  await call.until((state) => state.state === 'queued');
  return call;
}

const listed = async (callId: string, filter = '') => {
  const { json } = await api.get(`/calls?to=${encodeURIComponent(context.to)}${filter}`);
  return json.calls.find((call: { callId: string }) => call.callId === callId) ?? null;
};
const listedAsDone = ({ callId }: CallHandle) =>
  eventually(
    () => listed(callId),
    (call) => call?.state === 'done',
  );
const inFlight = async () => (await context.store.readDialing({ accountSid })).inFlight;

it('an operator terminates a call at Twilio: lists and answers say so, and the call is in flight until it is over', async () => {
  const call = await placed();
  await call.handle.terminate('wrong list');
  expect(await listed(call.callId)).toMatchObject({ state: 'queued', outcome: null });
  const { events } = watch();
  const row = await listedAsDone(call);
  expect(row).toMatchObject({
    to: context.to,
    outcome: null,
    waitingFor: null,
    attempts: [{ callSid: context.twilio.calls[0]?.sid }],
    workflowEnd: { status: 'terminated', reason: 'wrong list', lastState: 'queued' },
  });
  expect(Date.now() - Date.parse(row.workflowEnd.at)).toBeLessThan(60_000);
  expect(row.error).toMatch(
    /^The workflow of this call ended without an outcome: it was terminated at \S+Z: wrong list\. Nobody knows.*reset the workflow.*start another call/,
  );
  expect(callAnswerSchema.parse(row)).toEqual(row);
  for (const path of [`/calls/${call.callId}`, `/calls/${call.callId}?wait=30`])
    expect((await api.get(path)).json).toEqual(row);
  expect(await listed(call.callId, '&state=queued')).toBeNull();
  expect(await listed(call.callId, '&state=done')).toEqual(row);
  const { status, at, reason } = row.workflowEnd;
  expect(events).toEqual([{ kind: 'workflow-ended', callId: call.callId, status, at, reason }]);

  await pause(500);
  expect(await inFlight()).toBe(1);
  Object.assign(context.twilio.calls[0] ?? {}, { status: 'completed' });
  await eventually(inFlight, (count) => count === 0);
});

it.each([
  ['made no call', false],
  ['made a call', true],
])(
  'terminated while it is unclear whether a placement %s: the numbers are free once Twilio has shown it',
  async (_, made) => {
    let first = true;
    context.twilio.answerCreate = ({ make }) => {
      if (!first)
        return new Response(JSON.stringify(make()), {
          status: 201,
          headers: { 'Content-Type': 'application/json' },
        });
      first = false;
      if (made) make();
      return cut();
    };
    let listIsBroken = true;
    const { answerList } = context.defaults;
    context.twilio.answerList = (calls) =>
      listIsBroken ? new Response('', { status: 503 }) : answerList(calls);
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    await call.until((state) => state.waitingFor?.includes('unclear') ?? false);
    await call.handle.terminate();
    const next = await context.bench.start({ to: context.to, lookup: 'off' });
    watch();
    await listedAsDone(call);
    await pause(2500);
    expect(context.twilio.creates).toHaveLength(1);
    listIsBroken = false;
    await next.until((state) => state.state === 'queued');
    expect(context.twilio.creates).toHaveLength(2);
    const entry = await context.store.findPlacement({ callId: call.callId, attempt: 1, placement: 1 });
    expect(entry).toMatchObject(
      made
        ? { result: 'created', callSid: context.twilio.calls.at(-1)?.sid }
        : { result: 'absent', callSid: null },
    );
    expect(await listed(call.callId)).toMatchObject({ outcome: null });
    for (const one of context.twilio.calls) Object.assign(one, { status: 'completed' });
    await next.callback(1, context.twilio.calls[0]?.sid as string, 'completed');
    await next.result();
    await eventually(inFlight, (count) => count === 0);
  },
);

it.each<[string, 'timed-out' | 'missing', (call: { callId: string }) => Promise<unknown>]>([
  [
    'Temporal ends its run for lack of time',
    'timed-out',
    async ({ callId }) => {
      await context.bench.client.workflow.start('outboundCall', {
        taskQueue: context.bench.taskQueue,
        workflowId: callId,
        workflowExecutionTimeout: '1s',
        args: [{ to: context.to, twiml: '<Response/>', lookup: 'off', notBefore: later() }],
      });
    },
  ],
  [
    'somebody deletes it',
    'missing',
    async ({ callId }) => {
      const { bench } = context;
      const call = await bench.start({ to: context.to, lookup: 'off', notBefore: later() }, callId);
      await call.until((state) => state.state === 'waiting');
      await bench.client.workflowService.deleteWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: callId },
      });
    },
  ],
])('%s: done without an outcome, %s', async (_, status, end) => {
  const callId = `call-ended-${status}`;
  await end({ callId });
  watch();
  const row = await eventually(
    () => listed(callId),
    (call) => call?.state === 'done',
  );
  expect(row).toMatchObject({ outcome: null, workflowEnd: { status, lastState: expect.any(String) } });
  expect((await api.get(`/calls/${callId}`)).json).toEqual(row);
});

it('a terminated call is reset: it goes on, lists show that, and its outcome is recorded', async () => {
  const call = await placed();
  await call.handle.terminate('by mistake');
  const { lines } = watch();
  await listedAsDone(call);
  const { client } = context.bench;
  const events = (await call.handle.fetchHistory()).events ?? [];
  const task = events.filter(({ workflowTaskCompletedEventAttributes: completed }) => completed).at(-1);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: call.callId },
    workflowTaskFinishEventId: task?.eventId ?? null,
    reason: 'it was terminated by mistake',
    requestId: call.callId,
  });
  expect((await api.get(`/calls/${call.callId}`)).json).toMatchObject({ state: 'queued' });
  expect(
    await eventually(
      () => listed(call.callId),
      (row) => row?.state !== 'done',
    ),
  ).toMatchObject({ state: 'queued', outcome: null });
  expect(lines).toContain('The workflow of a call that was done without an outcome goes on.');
  const again = context.bench.client.workflow.getHandle(call.callId);
  const params = { CallSid: context.twilio.calls[0]?.sid, CallStatus: 'completed', AccountSid: accountSid };
  await again.signal('twilioStatus', { attempt: 1, params });
  expect(await again.result()).toMatchObject({ outcome: 'answered' });
  expect(await listedAsDone(call)).toMatchObject({ outcome: { outcome: 'answered' } });
  expect(context.twilio.creates).toHaveLength(1);
});

it('running calls, also with quotes in their id: stay as they are', async () => {
  const calls = await Promise.all(
    [`it's ${context.to}`, `back\\slash ${context.to}`, undefined].map((callId) => placed(callId)),
  );
  const { store } = context;
  const checked = new Set<string>();
  const { nextWorkflowChecks } = store;
  store.nextWorkflowChecks = async (pace) => {
    const checks = await nextWorkflowChecks(pace);
    for (const { callId } of checks ?? []) checked.add(callId);
    return checks;
  };
  const { stop } = watch();
  await eventually(
    async () => calls.every(({ callId }) => checked.has(callId)),
    (all) => all,
  );
  await stop();
  store.nextWorkflowChecks = nextWorkflowChecks;
  for (const { callId } of calls) expect(await listed(callId)).toMatchObject({ state: 'queued' });
  for (const { handle } of calls) await handle.terminate();
});

it('the store was restored from before the outcome: it gets the outcome that Temporal has', async () => {
  const call = await placed();
  const { saveOutcome } = context.store;
  context.store.saveOutcome = async (outcome) => outcome;
  await call.callback(1, context.twilio.calls[0]?.sid as string, 'completed');
  const outcome = await call.result();
  context.store.saveOutcome = saveOutcome;
  expect(await listed(call.callId)).toMatchObject({ state: 'queued' });
  watch();
  expect(await listedAsDone(call)).toMatchObject({ outcome });
});

it('Temporal does not answer: nothing is concluded', async () => {
  const call = await placed();
  const check: WorkflowCheck = { callId: call.callId, state: 'queued', workflowEnd: null };
  const { store } = context;
  const { nextWorkflowChecks } = store;
  store.nextWorkflowChecks = async () => [check];
  const stopping = new AbortController();
  const lines: string[] = [];
  const temporal = {
    withDeadline: () => Promise.reject(new Error('14 UNAVAILABLE')),
  };
  const search = watchWorkflows({
    store,
    temporal: temporal as never,
    settings: context.bench.settings,
    twilio: twilioClients(),
    emit: () => {},
    log: { info() {}, warn: (line: string) => void lines.push(line) } as never,
    signal: stopping.signal,
    pace: { pauseSeconds: 0.05 },
  });
  await eventually(
    async () => lines.length,
    (count) => count === 1,
  );
  await pause(300);
  stopping.abort();
  await search;
  store.nextWorkflowChecks = nextWorkflowChecks;
  expect(lines).toEqual([expect.stringContaining('Could not look for calls whose workflow has ended')]);
  expect(await listed(call.callId)).toMatchObject({ state: 'queued' });
  await call.handle.terminate();
});
