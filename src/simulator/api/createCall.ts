import type { Context } from 'hono';
import { accountRefusal } from '../calls/accountRefusal.js';
import type { CreateTally } from '../calls/callBook.js';
import type { CallEngine } from '../calls/callEngine.js';
import { type CreateRequest, readCreateRequest } from '../calls/createRequest.js';
import { currentOf, type SimulatedCall } from '../calls/simulatedCall.js';
import { type CreateFault, lagSeconds } from '../numbers/faults.js';
import type { NumberBehavior } from '../numbers/numberBehavior.js';
import { displayed } from '../numbers/numberingPlan.js';
import { refusalOf, type TwilioRefusal } from '../twilioErrors.js';
import { cut, hang, htmlError, refused, type SimulatorEnv } from './brokenAnswers.js';
import { callResource } from './callResource.js';

/** The answer to a create waits at most so many call seconds for its early callbacks. */
const earlyWithinSeconds = 10;

/** `POST …/Calls.json`: refuses or creates the call, and answers as its number says. */
export async function createCall(c: Context<SimulatorEnv>, engine: CallEngine): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  const parsed = readCreateRequest(form);
  if ('refusal' in parsed) return refused(c, parsed.refusal);
  const { request } = parsed;
  const behavior = engine.behaviorOf(request.to);
  const tally = engine.book.tallyOf(
    request.to,
    request.from,
    request.statusCallback?.url.split('#')[0] ?? null,
  );
  tally.requests++;
  const refusal = refusalFor(request, behavior, engine);
  engine.log(
    `create to ${masked(request.to)}: ${refusal ? `refused with ${refusal.code}` : behavior.pattern}`,
  );
  if (refusal) return refused(c, refusal);
  const create = () => createdCall(c, engine, request, behavior, tally);
  const faulty = behavior.createFault;
  if (faulty && engine.book.isAmongFirst(faulty.times, 'create', request.to, request.from)) {
    return faultyAnswer(c, engine, faulty.fault, create);
  }
  const { call, callbacksSettled } = create();
  const answer = callResource({ call, moment: currentOf(call), status: currentOf(call).status });
  if (behavior.callbackFault === 'early') {
    await Promise.race([callbacksSettled, engine.clock.pause(earlyWithinSeconds)]);
  }
  return c.json(answer, 201);
}

function refusalFor(
  request: CreateRequest,
  behavior: NumberBehavior,
  engine: CallEngine,
): TwilioRefusal | null {
  const accountCode = accountRefusal(engine.account, request);
  if (accountCode !== null) return refusalOf(accountCode);
  const { refusal } = behavior;
  if (!refusal || !engine.book.isAmongFirst(refusal.times, 'refuse', request.to, request.from)) return null;
  return refusalOf(refusal.code, refusal.httpStatus === null ? {} : { httpStatus: refusal.httpStatus });
}

function createdCall(
  c: Context<SimulatorEnv>,
  engine: CallEngine,
  request: CreateRequest,
  behavior: NumberBehavior,
  tally: CreateTally,
): { call: SimulatedCall; callbacksSettled: Promise<void> } {
  const { call, callbacksSettled } = engine.createCall(request, behavior);
  tally.calls++;
  call.requests.push({
    method: 'POST',
    url: `https://api.twilio.com${c.req.path}`,
    params: { AccountSid: call.accountSid, ...request.params },
    at: call.createdAt,
    response: {
      status: 201,
      contentType: 'application/json',
      body: JSON.stringify({ sid: call.sid }),
      milliseconds: 1,
    },
  });
  return { call, callbacksSettled };
}

async function faultyAnswer(
  c: Context<SimulatorEnv>,
  engine: CallEngine,
  { calls, answer }: CreateFault,
  create: () => { call: SimulatedCall },
): Promise<Response> {
  const call = calls === 'yes' ? create().call : null;
  if (calls === 'later') engine.clock.after(lagSeconds, create);
  const body = call && callResource({ call, moment: currentOf(call), status: currentOf(call).status });
  switch (answer.kind) {
    case 'cut':
      return cut(c);
    case 'hang':
      return hang(c);
    case 'html':
      return htmlError(c, answer.httpStatus);
    case 'error': {
      const { code, httpStatus, retryAfterSeconds, rfc9457 } = answer;
      const refusal = { ...refusalOf(code, { httpStatus }), ...(retryAfterSeconds && { retryAfterSeconds }) };
      return refused(c, refusal, rfc9457 ? 'rfc9457' : undefined);
    }
    case 'truncated': {
      const json = JSON.stringify(body);
      c.header('Content-Type', 'application/json');
      return c.body(json.slice(0, json.length / 2), 201);
    }
    case 'empty':
      c.header('Content-Type', 'application/json');
      return c.body('', 201);
    case 'slow':
      await engine.clock.pause(lagSeconds);
      return c.json(body, 201);
  }
}

/** A number as a log may show it. */
function masked(number: string): string {
  return number.length > 9 ? `${number.slice(0, 5)}•••${number.slice(-4)}` : displayed(number).slice(0, 2);
}
