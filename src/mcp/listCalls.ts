import { z } from 'zod';
import { callStates, reachabilities } from '../../workflows/callOutcome.js';
import { outcomes } from '../../workflows/callRequest.js';
import type { CallState } from '../client/ringtrue.js';
import { checked, inputSchemaOf, outputSchemaOf, readOnly, type Tool } from './tool.js';

const input = z.strictObject({
  outcome: z.enum(outcomes).exactOptional(),
  state: z.enum(callStates).exactOptional(),
  reachability: z.enum(reachabilities).exactOptional(),
  to: z.string().exactOptional().meta({ description: 'Only calls to this number, E.164.' }),
  batch: z.string().exactOptional().meta({ description: 'Only calls of this batch.' }),
  metadata: z.record(z.string(), z.string()).exactOptional(),
  since: z
    .string()
    .exactOptional()
    .meta({ description: 'Started then or later: an RFC 3339 time, a date, or how long ago such as 24h.' }),
  until: z.string().exactOptional().meta({ description: 'Started earlier: as since.' }),
  limit: z.int().min(1).max(200).default(20),
  cursor: z.string().exactOptional().meta({ description: 'The nextCursor of the previous page.' }),
});

const answer = z.object({
  calls: z.array(
    z.object({
      callId: z.string(),
      to: z.nullable(z.string()),
      state: z.string(),
      outcome: z.nullable(z.string()),
      reachability: z.nullable(z.string()),
      attempts: z.int(),
      startedAt: z.string(),
      endedAt: z.nullable(z.string()),
      nextAttemptAt: z.nullable(z.string()),
      why: z.nullable(z.string()).meta({ description: 'What it waits for, or why it ended so.' }),
      metadata: z.record(z.string(), z.string()),
    }),
  ),
  nextCursor: z.nullable(z.string()).meta({ description: 'Null on the last page.' }),
});

export const listCalls: Tool = {
  name: 'list_calls',
  title: 'List calls',
  description: 'Calls that match, newest first, one line each. get_call has everything about one of them.',
  annotations: readOnly,
  inputSchema: inputSchemaOf(input),
  outputSchema: outputSchemaOf(answer),
  async run(given, { ringtrue, signal }) {
    const { calls, nextCursor } = await ringtrue.calls.page(checked(input, given), { signal });
    const more = nextCursor === null ? '' : ' There are more: give nextCursor as cursor.';
    const count = calls.length === 1 ? '1 call' : `${calls.length} calls`;
    return { message: `${count}.${more}`, data: { calls: calls.map(summaryOf), nextCursor } };
  },
};

function summaryOf(call: CallState) {
  const { callId, to, state, outcome, attempts, startedAt, nextAttemptAt, waitingFor, metadata } = call;
  return {
    callId,
    to,
    state,
    outcome: outcome?.outcome ?? null,
    reachability: outcome?.reachability ?? null,
    attempts: attempts.length,
    startedAt,
    endedAt: outcome?.endedAt ?? null,
    nextAttemptAt,
    why:
      outcome === null
        ? (call.error ?? waitingFor)
        : (outcome.reason?.message ?? outcome.endedBecause.message),
    metadata,
  };
}
