import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { useApi } from '../api/useApi.js';
import type { CallResource } from '../support/scriptedTwilio.js';
import { cut, json, lookupAnswer, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';
import { type HistoryCost, historyCost } from './historyCost.js';

// costs.json has the cost of each kind of call. If a change is meant to cost more, or costs less, renew it:
// RINGTRUE_RENEW_COSTS=1 npx vitest run test/costs && npm run bench:docs

const file = fileURLToPath(new URL('costs.json', import.meta.url));
const renew = Boolean(process.env.RINGTRUE_RENEW_COSTS);
const baseline: Record<string, HistoryCost> = renew ? {} : JSON.parse(readFileSync(file, 'utf8'));
/** Times and ids take more or fewer bytes from run to run. */
const bytesMayDifferBy = 0.05;

const context = useCallBench({ callbackWaitSeconds: 600, pollIntervalSeconds: 1 });
const api = useApi(context);
const stored = useApi(context, () => ({ progress: 'store' }));

/** The Twilio event that brings each status. */
const eventOf: Record<string, string> = {
  initiated: 'initiated',
  ringing: 'ringing',
  'in-progress': 'answered',
};

interface Placed {
  callId: string;
  /** The Twilio call of an attempt, as soon as it exists. */
  made(attempt: number): Promise<CallResource>;
  /** Sends Twilio's callbacks of an attempt in order, for the events that the placement subscribed to. */
  calledBack(attempt: number, ...statuses: string[]): Promise<void>;
}

async function place(request: Record<string, unknown> = {}, by = api): Promise<Placed> {
  const { status, json: answer } = await by.post('/calls', {
    to: context.to,
    twiml: '<Response/>',
    ...request,
  });
  expect(status).toBe(202);
  const { callId } = answer as { callId: string };
  const made = async (attempt: number) => {
    await until(() => context.twilio.calls.length >= attempt);
    await settled(callId);
    return context.twilio.calls.at(-attempt) as CallResource;
  };
  return {
    callId,
    made,
    async calledBack(attempt, ...statuses) {
      const call = await made(attempt);
      const subscribed = context.twilio.creates[attempt - 1]?.getAll('StatusCallbackEvent') ?? [];
      for (const [sequence, status] of statuses.entries()) {
        if (!subscribed.includes(eventOf[status] ?? 'completed')) continue;
        const final = eventOf[status] === undefined;
        const response = await by.callback(`/twilio/status/${callId}/${attempt}`, {
          CallSid: call.sid,
          AccountSid: String(call.account_sid),
          ApiVersion: '2010-04-01',
          Direction: 'outbound-api',
          CallStatus: status,
          Timestamp: 'Tue, 24 Nov 2026 10:00:07 +0000',
          CallbackSource: 'call-progress-events',
          SequenceNumber: String(sequence),
          To: String(call.to),
          From: String(call.from),
          ...(final
            ? { CallDuration: status === 'completed' ? '7' : '0', SipResponseCode: sip(status) }
            : {}),
        });
        expect(response.status).toBe(204);
        await settled(callId);
      }
    },
  };
}

function sip(status: string): string {
  return status === 'busy' ? '486' : '200';
}

async function until(holds: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; !holds(); ) {
    if (Date.now() > giveUpAt) throw new Error(`never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until the workflow has nothing to do, so that each callback has a workflow task of its own. */
async function settled(callId: string): Promise<void> {
  const handle = context.bench.client.workflow.getHandle(callId);
  for (;;) {
    const { raw } = await handle.describe();
    if (!raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function costs(name: string, { callId }: Placed, outcome: string): Promise<void> {
  const handle = context.bench.client.workflow.getHandle(callId);
  expect(await handle.result()).toMatchObject({ outcome });
  const cost = await historyCost(handle);
  if (renew) baseline[name] = cost;
  expect(changes(name, cost, baseline[name])).toEqual([]);
}

/** What a call costs more, or less, than costs.json says, in sentences. */
function changes(name: string, now: HistoryCost, then: HistoryCost | undefined): string[] {
  if (!then) return [`${name}: not in costs.json yet. Renew costs.json.`];
  const found: string[] = [];
  const compare = (what: 'events' | 'actions' | 'bytes', allowed: number, where = '') => {
    const more = now[what] - then[what];
    if (Math.abs(more) <= then[what] * allowed) return;
    const verdict =
      more > 0
        ? 'If the change is worth that, renew costs.json and say why'
        : 'Renew costs.json, so that it stays cheaper';
    found.push(
      `${name}: a call costs ${now[what]} ${what} instead of ${then[what]} (${more > 0 ? '+' : ''}${more}${where}). ${verdict}.`,
    );
  };
  const kinds = [...new Set([...Object.keys(now.actionsOf), ...Object.keys(then.actionsOf)])];
  const moved = (kinds as (keyof HistoryCost['actionsOf'])[])
    .map((kind) => ({ kind, from: then.actionsOf[kind] ?? 0, to: now.actionsOf[kind] ?? 0 }))
    .filter(({ from, to }) => from !== to)
    .map(({ kind, from, to }) => `; ${kind}: ${to} instead of ${from}`);
  compare('actions', 0, moved.join(''));
  compare('events', 0);
  compare('bytes', bytesMayDifferBy);
  return found;
}

afterAll(() => {
  if (renew) writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
});

describe('cost of a call in history events, bytes and billable actions', () => {
  it('answered with every callback: costs what costs.json says', async () => {
    const call = await place();
    await call.calledBack(1, 'initiated', 'ringing', 'in-progress', 'completed');
    await costs('answered', call, 'answered');
  });

  it('answered with progress kept in the store: costs what costs.json says', async () => {
    const call = await place({}, stored);
    await call.calledBack(1, 'initiated', 'ringing', 'in-progress', 'completed');
    await costs('answered, progress in the store', call, 'answered');
  });

  it('busy: costs what costs.json says', async () => {
    const call = await place();
    await call.calledBack(1, 'initiated', 'ringing', 'busy');
    await costs('busy', call, 'busy');
  });

  it('busy, then answered at the second attempt: costs what costs.json says', async () => {
    const retry = {
      maxAttempts: 2,
      retryOn: ['busy'],
      initialIntervalSeconds: 1,
      maximumIntervalSeconds: 1,
      backoffCoefficient: 1,
    };
    const call = await place({ retry });
    await call.calledBack(1, 'initiated', 'ringing', 'busy');
    await call.calledBack(2, 'initiated', 'ringing', 'in-progress', 'completed');
    await costs('busy, then answered', call, 'answered');
  });

  it('Lookup says that the number is invalid: costs what costs.json says', async () => {
    context.twilio.answerLookup = (number) =>
      json(200, lookupAnswer(number, { valid: false, validation_errors: ['TOO_SHORT'] }));
    await costs('invalid by Lookup', await place(), 'invalid-number');
  });

  it('Twilio refuses the call: costs what costs.json says', async () => {
    context.twilio.answerCreate = () => twilioError(400, 21215, 'no');
    await costs('refused', await place(), 'rejected');
  });

  it('no callback comes and Twilio is polled twice: costs what costs.json says', async () => {
    context.bench.settings.callbackWaitSeconds = 1;
    let polls = 0;
    context.twilio.answerFetch = (call) =>
      json(200, { ...call, status: ++polls < 2 ? 'ringing' : 'completed', duration: '7' });
    await costs('polled twice', await place(), 'answered');
    context.bench.settings.callbackWaitSeconds = 600;
  });

  it("the response of the create request is lost and Twilio's list shows the call: costs what costs.json says", async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const call = await place();
    await call.calledBack(1, 'initiated', 'ringing', 'in-progress', 'completed');
    await costs('create response lost', call, 'answered');
  });
});

describe('the check of costs itself', () => {
  const cost: HistoryCost = { events: 30, bytes: 5000, actions: 8, actionsOf: { start: 1, signal: 7 } };

  it.each<[string, Partial<HistoryCost>, RegExp | null]>([
    ['nothing has changed: reports nothing', {}, null],
    ['a few bytes more: reports nothing', { bytes: 5240 }, null],
    [
      'many bytes more: reported',
      { bytes: 5260 },
      /5260 bytes instead of 5000 \(\+260\)\. If the change is worth that/,
    ],
    ['one event more: reported', { events: 31 }, /31 events instead of 30/],
    [
      'one action more: reported with its kind',
      { actions: 9, actionsOf: { start: 1, signal: 7, timer: 1 } },
      /9 actions instead of 8 \(\+1; timer: 1 instead of 0\)/,
    ],
    [
      'cheaper: reported, so that the file is renewed',
      { events: 20 },
      /20 events instead of 30 \(-10\)\. Renew/,
    ],
  ])('%s', (_, now, sentence) => {
    const found = changes('busy', { ...cost, ...now }, cost);
    if (sentence) expect(found.join()).toMatch(sentence);
    else expect(found).toEqual([]);
  });

  it('a kind of call that the file does not have: reported', () => {
    expect(changes('busy', cost, undefined)).toHaveLength(1);
  });
});
