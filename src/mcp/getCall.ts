import { z } from 'zod';
import { callAnswerSchema } from '../api/calls/callAnswerSchema.js';
import { callIdField, checked, inputSchemaOf, outputSchemaOf, readOnly, type Tool } from './tool.js';

const input = z.strictObject({ callId: callIdField });

export const getCall: Tool = {
  name: 'get_call',
  title: 'Read a call',
  description: 'The state of a call now, with its attempts and, once it is over, its outcome and evidence.',
  annotations: readOnly,
  inputSchema: inputSchemaOf(input),
  outputSchema: outputSchemaOf(callAnswerSchema),
  async run(given, { ringtrue, signal }) {
    const { callId } = checked(input, given);
    const call = await ringtrue.calls.get(callId, { signal });
    const how = call.outcome === null ? call.state : `over: ${call.outcome.outcome}`;
    return { message: `The call ${callId} is ${how}.`, data: { ...call } };
  },
};
