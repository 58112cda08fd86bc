import { z } from 'zod';
import { callRequestSchema } from '../../activities/validation/callRequestSchema.js';
import { hashOf } from '../api/http/idempotencyKey.js';
import type { CallRequest, DryRun } from '../client/ringtrue.js';
import {
  checked,
  inputSchemaOf,
  type JsonSchema,
  outputSchemaOf,
  type Tool,
  type ToolAnswer,
  type ToolContext,
} from './tool.js';

const own = z.object({
  idempotencyKey: z
    .string()
    .regex(/^[ -~]{1,255}$/, '1 to 255 printable ASCII characters')
    .exactOptional()
    .meta({
      description:
        'Names this call: the same key never rings twice. Absent: made of the other arguments, so that a repeat with the same arguments never rings twice. Give a key of your own only to call again on purpose.',
    }),
  dryRun: z
    .boolean()
    .exactOptional()
    .meta({ description: 'true: dials nothing, and shows what would become of the call.' }),
});

const answer = z.object({
  callId: z.nullable(z.string()).meta({ description: 'Null after a dry run.' }),
  alreadyPlaced: z
    .boolean()
    .meta({ description: 'true: this is the call that an earlier request placed. Nothing new rings.' }),
  url: z.nullable(z.string()),
  dryRun: z.nullable(
    z.looseObject({
      earliestAttemptAt: z.nullable(z.string()).meta({ description: 'Null: it would not be called.' }),
      forbiddenBy: z.array(z.object({ by: z.string(), message: z.string() })),
      delayedBy: z.array(z.object({ by: z.string(), message: z.string(), until: z.nullable(z.string()) })),
    }),
  ),
  message: z.string(),
});

export const placeCall: Tool = {
  name: 'place_call',
  title: 'Place a phone call',
  description:
    'Places a real phone call: it rings at a real person. Try it with dryRun first. Returns at once; wait_for_outcome then says how the call turned out. If this tool times out, repeat it with the same arguments: that never rings twice. To call the same number with the same text again on purpose, give an idempotencyKey of your own.',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  inputSchema: requestSchema(),
  outputSchema: outputSchemaOf(answer),
  run: place,
};

async function place(input: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer> {
  const { idempotencyKey, dryRun, ...fields } = input;
  const { idempotencyKey: key = placementKey(fields), dryRun: isDryRun = false } = checked(own, {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(dryRun === undefined ? {} : { dryRun }),
  });
  const { ringtrue, signal } = context;
  // The API checks it, and names every fault.
  const request = fields as unknown as CallRequest;
  if (isDryRun) return dryRunAnswer(await ringtrue.calls.dryRun(request, { signal }));
  const { callId, url, repeated } = await ringtrue.calls.create(request, { idempotencyKey: key, signal });
  const message = repeated
    ? `This call was placed before, as ${callId}. Nothing new rings. wait_for_outcome says how it turned out. To call again on purpose, repeat place_call with another idempotencyKey.`
    : `The call ${callId} is placed. wait_for_outcome says how it turns out.`;
  return { message, data: { callId, alreadyPlaced: repeated, url, dryRun: null, message } };
}

/** The same for the same arguments, whatever their order. */
function placementKey(request: Record<string, unknown>): string {
  return `mcp-${hashOf(request)}`;
}

function dryRunAnswer(dryRun: DryRun): ToolAnswer {
  const { request, earliestAttemptAt, forbiddenBy, delayedBy } = dryRun;
  const why = [...forbiddenBy, ...delayedBy].map(({ message }) => message);
  const when =
    earliestAttemptAt === null
      ? `${request.to} would not be called`
      : `${request.to} would be called at ${earliestAttemptAt} at the earliest`;
  const message = [`${when}. Nothing was dialed.`, ...why].join('\n');
  return { message, data: { callId: null, alreadyPlaced: false, url: null, dryRun, message } };
}

/** The CallRequest and the tool's own arguments. */
function requestSchema(): JsonSchema {
  // Several model APIs refuse `oneOf` at the top. The description says it, and the API checks it.
  const { oneOf, example, ...request } = inputSchemaOf(callRequestSchema);
  const properties = { ...(request.properties as object), ...(inputSchemaOf(own).properties as object) };
  return { ...request, type: 'object', properties };
}
