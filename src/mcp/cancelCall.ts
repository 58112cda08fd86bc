import { z } from 'zod';
import { callIdField, checked, inputSchemaOf, outputSchemaOf, type Tool } from './tool.js';

const input = z.strictObject({
  callId: callIdField,
  reason: z.string().max(500).exactOptional().meta({ description: 'Why, for the record.' }),
});

const answer = z.object({ callId: z.string(), message: z.string() });

export const cancelCall: Tool = {
  name: 'cancel_call',
  title: 'Cancel a call',
  description:
    'Stops a call: no further attempt begins, and a call that rings or talks is ended at Twilio. What Twilio then reports decides the outcome, so someone may have answered already. wait_for_outcome has the truth.',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  inputSchema: inputSchemaOf(input),
  outputSchema: outputSchemaOf(answer),
  async run(given, { ringtrue, signal }) {
    const { callId, reason } = checked(input, given);
    await ringtrue.calls.cancel(callId, { reason, signal });
    const message = `The call ${callId} is being canceled. wait_for_outcome says how it ended.`;
    return { message, data: { callId, message } };
  },
};
