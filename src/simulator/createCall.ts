import type { Context } from 'hono';
import { cut, hang, htmlError, refused, type SimulatorEnv } from './brokenAnswers.js';
import type { DialTally } from './callBook.js';
import { type CallOrder, readCallOrder } from './callOrder.js';
import { callResource } from './callResource.js';
import type { Dialling } from './dialling.js';
import { type CreateFault, lagSeconds } from './faults.js';
import type { NumberBehaviour } from './numberBehaviour.js';
import { displayed } from './numberingPlan.js';
import { behaviourOf, callerRefusal } from './numbers.js';
import { currentOf, type SimulatedCall } from './simulatedCall.js';
import { refusalOf, type TwilioRefusal } from './twilioErrors.js';

/** Seconds of life that an early callback may hold up the answer to its create. */
const earlyWithinSeconds = 10;

/** `POST …/Calls.json`: refuses, or makes the call, and answers as its number says. */
export async function createCall(c: Context<SimulatorEnv>, dialling: Dialling): Promise<Response> {
  const form = new URLSearchParams(await c.req.text());
  const read = readCallOrder(form);
  if ('refusal' in read) return refused(c, read.refusal);
  const { order } = read;
  const behaviour = behaviourOf(order.to);
  const tally = dialling.book.tallyOf(order.to, order.from, order.statusCallback?.url.split('#')[0] ?? null);
  tally.requests++;
  const refusal = refusalFor(order, behaviour, dialling);
  dialling.log(
    `create to ${masked(order.to)}: ${refusal ? `refused with ${refusal.code}` : behaviour.pattern}`,
  );
  if (refusal) return refused(c, refusal);
  const make = () => made(c, dialling, order, behaviour, tally);
  const faulty = behaviour.createFault;
  if (faulty && dialling.book.isAmongFirst(faulty.times, 'create', order.to, order.from)) {
    return faultyAnswer(c, dialling, faulty.fault, make);
  }
  const { call, told } = make();
  const answer = callResource({ call, moment: currentOf(call), status: currentOf(call).status });
  if (behaviour.callbackFault === 'early') {
    await Promise.race([told, dialling.clock.pause(earlyWithinSeconds)]);
  }
  return c.json(answer, 201);
}

function refusalFor(order: CallOrder, behaviour: NumberBehaviour, dialling: Dialling): TwilioRefusal | null {
  const callerCode = callerRefusal(order.from);
  if (callerCode !== null) return refusalOf(callerCode);
  const { refusal } = behaviour;
  if (!refusal || !dialling.book.isAmongFirst(refusal.times, 'refuse', order.to, order.from)) return null;
  return refusalOf(refusal.code, refusal.httpStatus === null ? {} : { httpStatus: refusal.httpStatus });
}

function made(
  c: Context<SimulatorEnv>,
  dialling: Dialling,
  order: CallOrder,
  behaviour: NumberBehaviour,
  tally: DialTally,
): { call: SimulatedCall; told: Promise<void> } {
  const { call, told } = dialling.makeCall(order, behaviour);
  tally.calls++;
  call.requests.push({
    method: 'POST',
    url: `https://api.twilio.com${c.req.path}`,
    params: { AccountSid: call.accountSid, ...order.params },
    at: call.createdAt,
    response: {
      status: 201,
      contentType: 'application/json',
      body: JSON.stringify({ sid: call.sid }),
      milliseconds: 1,
    },
  });
  return { call, told };
}

async function faultyAnswer(
  c: Context<SimulatorEnv>,
  dialling: Dialling,
  { calls, answer }: CreateFault,
  make: () => { call: SimulatedCall },
): Promise<Response> {
  const call = calls === 'yes' ? make().call : null;
  if (calls === 'later') dialling.clock.after(lagSeconds, make);
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
      await dialling.clock.pause(lagSeconds);
      return c.json(body, 201);
  }
}

/** A number as it may be shown in a log. */
function masked(number: string): string {
  return number.length > 9 ? `${number.slice(0, 5)}•••${number.slice(-4)}` : displayed(number).slice(0, 2);
}
