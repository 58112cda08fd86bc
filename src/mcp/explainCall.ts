import { z } from 'zod';
import { type Dialing, ProblemError } from '../client/ringtrue.js';
import { explanationOf } from './explanation.js';
import {
  callIdField,
  checked,
  inputSchemaOf,
  outputSchemaOf,
  readOnly,
  type Tool,
  type ToolContext,
} from './tool.js';

const input = z.strictObject({ callId: callIdField });

const answer = z.object({
  callId: z.string(),
  state: z.string(),
  outcome: z.nullable(z.string()),
  explanation: z.string().meta({ description: 'Why it does not ring, or how it ended and why.' }),
  facts: z.array(z.string()).meta({ description: 'What is known, in order.' }),
  fixes: z.array(z.string()).meta({ description: 'What somebody could do now.' }),
});

export const explainCall: Tool = {
  name: 'explain_call',
  title: 'Explain a call',
  description:
    'Why a call does not ring yet, or how it ended and why: each attempt with its evidence, what the call waits for, and what to do about it.',
  annotations: readOnly,
  inputSchema: inputSchemaOf(input),
  outputSchema: outputSchemaOf(answer),
  async run(given, context) {
    const { callId } = checked(input, given);
    const call = await context.ringtrue.calls.get(callId, { signal: context.signal });
    const { facts, fixes } = explanationOf(call, await dialingOf(context));
    const explanation = [...facts, ...fixes.map((fix) => `What to do: ${fix}`)].join('\n');
    const outcome = call.outcome?.outcome ?? null;
    return {
      message: explanation,
      data: { callId, state: call.state, outcome, explanation, facts, fixes },
    };
  },
};

/** Null if the token may not read it. */
async function dialingOf({ ringtrue, signal }: ToolContext): Promise<Dialing | null> {
  try {
    return await ringtrue.dialing.get({ signal });
  } catch (error) {
    if (error instanceof ProblemError && error.status === 403) return null;
    throw error;
  }
}
