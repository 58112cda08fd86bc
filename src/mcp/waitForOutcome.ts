import { z } from 'zod';
import { callOutcomeSchema } from '../api/calls/callAnswerSchema.js';
import { type CallOutcome, type CallState, NoOutcomeError, WaitTimeoutError } from '../client/ringtrue.js';
import {
  callIdField,
  checked,
  inputSchemaOf,
  outputSchemaOf,
  readOnly,
  type Tool,
  type ToolAnswer,
  type ToolContext,
} from './tool.js';

/** Clients of tools commonly give up after a minute. */
const standardTimeoutSeconds = 45;
const longestTimeoutSeconds = 3600;
/** A client that resets its time limit at each report then never gives up. */
const reportEverySeconds = 10;

const input = z.strictObject({
  callId: callIdField,
  timeoutSeconds: z
    .number()
    .min(0)
    .max(longestTimeoutSeconds)
    .default(standardTimeoutSeconds)
    .meta({ description: 'How long to wait. After that the answer says where the call stands.' }),
});

const answer = z.object({
  callId: z.string(),
  done: z.boolean().meta({ description: 'false: the call goes on. Ask again with the same callId.' }),
  state: z.string(),
  outcome: z
    .nullable(callOutcomeSchema)
    .meta({ description: 'How the call turned out. Null: it goes on, or nobody knows (see message).' }),
  waitingFor: z.nullable(z.string()).meta({ description: 'What the call waits for.' }),
  nextAttemptAt: z.nullable(z.string()),
  message: z.string(),
});

export const waitForOutcome: Tool = {
  name: 'wait_for_outcome',
  title: 'Wait for the outcome of a call',
  description:
    'Waits until a call is over and returns its outcome. A call that takes longer is no error: `done` is then false, and you ask again with the same callId. Never place a call again because this takes long.',
  annotations: readOnly,
  inputSchema: inputSchemaOf(input),
  outputSchema: outputSchemaOf(answer),
  run: wait,
};

async function wait(given: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer> {
  const { callId, timeoutSeconds } = checked(input, given);
  const { ringtrue, signal, report } = context;
  let shown = 'waiting for the first answer of the API';
  const show = (call: CallState) => {
    shown = stateOf(call);
    report(shown);
  };
  const timer = setInterval(() => report(shown), reportEverySeconds * 1000);
  try {
    const outcome = await ringtrue.calls.waitForOutcome(callId, { timeoutSeconds, signal, onState: show });
    return over(outcome);
  } catch (error) {
    if (error instanceof NoOutcomeError) return withoutOutcome(error);
    // Without a state there is nothing true to say, except why.
    if (error instanceof WaitTimeoutError && error.call !== null) return stillGoing(error.call);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

function over(outcome: CallOutcome): ToolAnswer {
  const { callId, to, endedBecause } = outcome;
  const reason = outcome.reason === null ? '' : ` (${outcome.reason.message})`;
  const message = `The call to ${to} is over: ${outcome.outcome}${reason}. ${endedBecause.message}.`;
  const data = { callId, done: true, state: 'done', outcome, waitingFor: null, nextAttemptAt: null, message };
  return { message, data };
}

function withoutOutcome({ call, callId, message }: NoOutcomeError): ToolAnswer {
  const { state } = call;
  const data = { callId, done: true, state, outcome: null, waitingFor: null, nextAttemptAt: null, message };
  return { message, data };
}

function stillGoing(call: CallState): ToolAnswer {
  const { callId, state, waitingFor, nextAttemptAt } = call;
  const message = `The call is still going: ${stateOf(call)}. Ask again with wait_for_outcome and the same callId; explain_call says more.`;
  return {
    message,
    data: { callId, done: false, state, outcome: null, waitingFor, nextAttemptAt, message },
  };
}

function stateOf({ state, attempts, waitingFor, nextAttemptAt }: CallState): string {
  const attempt = attempts.length === 0 ? '' : `attempt ${attempts.length}, `;
  const waiting = waitingFor === null ? '' : `, waiting for ${waitingFor}`;
  return `${attempt}${state}${waiting}${nextAttemptAt === null ? '' : `, next attempt at ${nextAttemptAt}`}`;
}
