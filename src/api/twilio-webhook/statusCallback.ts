import { callIdInPath } from '../calls/readCall.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { problem } from '../http/problem.js';
import { jsonContent, type Route } from '../http/route.js';
import { answerProbe } from './answerProbe.js';
import { forgeryCheck } from './forgeryCheck.js';
import { recordCallback } from './recordCallback.js';
import { formParameters, maxParameters } from './twilioSignature.js';

export const statusCallbackRoute: Route = {
  method: 'post',
  path: '/twilio/status/{callId}/{attempt}',
  open: true,
  tag: 'Twilio',
  operationId: 'twilioStatus',
  summary: "Twilio's status callback",
  description: 'Only for Twilio: the signature is checked first.',
  parameters: [
    callIdInPath,
    {
      name: 'attempt',
      in: 'path',
      required: true,
      description: 'The attempt, from 1.',
      schema: { type: 'integer', minimum: 1 },
      example: 1,
    },
    {
      name: 'X-Twilio-Signature',
      in: 'header',
      required: true,
      description: "Twilio's signature of URL and parameters.",
      schema: { type: 'string' },
    },
  ],
  body: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: {
          type: 'object',
          properties: { CallSid: { type: 'string' }, CallStatus: { type: 'string' } },
          additionalProperties: { type: 'string' },
        },
      },
    },
  },
  answers: {
    200: {
      description: 'What arrived here of a probe of `ringtrue doctor`, which knows the auth token.',
      content: jsonContent({ type: 'object' }),
    },
    204: { description: 'The callback is durable, or the call is over.' },
  },
  problems: [
    'bad-signature',
    'no-such-call',
    'too-large',
    'unsupported-media-type',
    'too-many-requests',
    'temporal-unavailable',
    'store-unavailable',
    'account-unavailable',
  ],
  serve: statusCallback,
};

/** Checks the signature first, so that only Twilio learns which calls exist. */
function statusCallback(tools: ApiTools) {
  const checkSignature = forgeryCheck(tools);
  const record = recordCallback(tools);
  return async (c: ApiContext): Promise<Response> => {
    const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('Content-Type') ?? '');
    const parameters = isForm ? formParameters(await c.req.text()) : {};
    if (parameters === null) return tooManyParameters(tools, c);
    const answer = answerProbe(tools, c, parameters);
    if (answer !== null) return answer;
    const checked = await checkSignature(c, parameters);
    if ('refusal' in checked) return checked.refusal;
    if (isForm) return record(c, parameters, checked);
    tools.measures.callbacks.inc({ result: 'malformed' });
    return problem(
      c,
      'unsupported-media-type',
      'A status callback must be a form: application/x-www-form-urlencoded.',
    );
  };
}

/** Sorting and signing thousands of names takes long, and anyone can send them. */
function tooManyParameters(tools: ApiTools, c: ApiContext): Response {
  tools.measures.callbacks.inc({ result: 'malformed' });
  return problem(c, 'too-large', `A status callback may have at most ${maxParameters} parameters.`);
}
