import { setTimeout as pause } from 'node:timers/promises';
import { type CallsApi, Ringtrue } from '../../client/ringtrue.js';
import { showcase } from '../../simulator/numbers/numbers.js';
import type { Dev } from '../dev.js';
import { expectations } from './expectations.js';
import { type DemoCall, endTable, LiveTable } from './liveTable.js';

const refreshMs = 400;

/**
 * Places the showcase's calls over the HTTP API, shows them until all are over, then prints a table. Returns
 * true if every call ended as expected, and false early if `signal` is aborted.
 */
export async function runDemo(
  dev: Dev,
  { token, signal }: { token: string | undefined; signal: AbortSignal },
): Promise<boolean> {
  const api = new Ringtrue({ baseUrl: dev.apiUrl, token }).calls;
  const calls = await Promise.all(showcase.map((one) => place(api, one)));
  const table = new LiveTable(process.stdout);
  for (;;) {
    await Promise.all(calls.map((call) => refresh(api, call)));
    table.draw(calls);
    if (calls.every(({ state }) => state?.outcome)) break;
    if (signal.aborted) return false;
    await pause(refreshMs);
  }
  process.stdout.write(`\n${endTable(calls)}\n`);
  if (dev.temporalUiUrl !== null) {
    const [polled] = calls.filter(({ state }) => state?.outcome?.decidedBy === 'poll');
    const { callId, runId, happens } = polled ?? calls[0] ?? { callId: '', runId: '', happens: '' };
    process.stdout.write(
      `\nThe timeline of one call (${happens}) in Temporal:\n  ${dev.temporalUiUrl}/namespaces/${dev.namespace}/workflows/${callId}/${runId ?? ''}/timeline\n`,
    );
  }
  return calls.map(endedAsExpected).every(Boolean);
}

async function place(api: CallsApi, one: (typeof showcase)[number]): Promise<DemoCall> {
  const started = await api.create({
    to: one.to,
    twiml: '<Response><Say>This is a demonstration.</Say></Response>',
    metadata: { demo: one.happens },
    ...(one.machineDetection ? { machineDetection: 'enable' } : {}),
  });
  return { ...one, ...started, state: null };
}

/** Reads each call by itself, because lists show less. */
async function refresh(api: CallsApi, call: DemoCall): Promise<void> {
  if (call.state?.outcome == null) call.state = await api.get(call.callId);
}

function endedAsExpected({ to, state }: DemoCall): boolean {
  const expected = expectations[to];
  const { outcome, decidedBy } = state?.outcome ?? {};
  if (expected && expected.outcome === outcome && expected.decidedBy === decidedBy) return true;
  process.stdout.write(
    `${to} should have ended ${expected?.outcome} by ${expected?.decidedBy}, and ended ${outcome} by ${decidedBy}.\n`,
  );
  return false;
}
