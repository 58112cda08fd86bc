import { z } from 'zod';
import type { DialLimits } from '../../../activities/store/placements/dialLimits.js';
import { must } from '../../../activities/validation/fault.js';
import { longestReason, reasonRule } from '../do-not-call/doNotCallSchema.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, emptyBodySchema, readBody, readJson } from '../http/jsonBody.js';
import { invalidRequest } from '../http/problem.js';
import { jsonContent, type Route, rolesFor } from '../http/route.js';
import { checkLimits, type DialingAnswer, dialingSchema, limitsRequestSchema } from './dialingSchema.js';

const pauseRequestSchema = z.strictObject(
  {
    reason: z
      .nullable(z.string(must(reasonRule)).max(longestReason, must(reasonRule)))
      .exactOptional()
      .meta({ description: 'Why, for people.' }),
  },
  must('a JSON object with an optional reason, or no body at all'),
);

const answers = {
  200: {
    description: 'Limits, pause and circuit breaker as they are now.',
    content: jsonContent(dialingSchema),
  },
};

export const dialingRoutes: Route[] = [
  {
    method: 'get',
    path: '/dialing',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Dialing',
    operationId: 'readDialing',
    summary: 'Read limits, pause and circuit breaker',
    answers,
    problems: ['store-unavailable'],
    serve: (tools) => (c) => answerDialing(tools, c),
  },
  {
    method: 'patch',
    path: '/dialing/limits',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Dialing',
    operationId: 'setDialLimits',
    summary: 'Set limits of dialing',
    description: 'They hold for every worker from its next placement on.',
    body: { required: true, content: jsonContent(limitsRequestSchema) },
    answers,
    problems: [...bodyProblems, 'store-unavailable'],
    serve: setLimits,
  },
  {
    method: 'post',
    path: '/dialing/pause',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Dialing',
    operationId: 'pauseDialing',
    summary: 'Pause all dialing',
    description: 'No call is placed until dialing is resumed. Calls in flight go on, and all others wait.',
    body: {
      required: false,
      content: jsonContent(pauseRequestSchema, { reason: 'the announcement is wrong' }),
    },
    answers,
    problems: [...bodyProblems, 'store-unavailable'],
    serve: pauseDialing,
  },
  {
    method: 'post',
    path: '/dialing/resume',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Dialing',
    operationId: 'resumeDialing',
    summary: 'Resume dialing',
    description: 'Ends a pause, and closes the circuit breaker if it is not closed.',
    body: { required: false, content: jsonContent(emptyBodySchema) },
    answers,
    problems: [...bodyProblems, 'store-unavailable'],
    serve: resumeDialing,
  },
];

function setLimits(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const checked = checkLimits(json.body);
    if ('faults' in checked) return invalidRequest(c, checked.faults);
    const { accountSid, store, log } = tools;
    const by = c.get('client') ?? null;
    await store.setDialLimits({ accountSid, limits: checked.limits, by });
    log.warn({ limits: checked.limits, by }, 'limits of dialing were set');
    return answerDialing(tools, c);
  };
}

function pauseDialing(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, pauseRequestSchema, { optional: true });
    if ('refusal' in body) return body.refusal;
    const { accountSid, store, log } = tools;
    const by = c.get('client') ?? null;
    await store.pauseDialing({ accountSid, reason: body.input.reason ?? null, by });
    log.warn({ by }, 'dialing was paused');
    return answerDialing(tools, c);
  };
}

function resumeDialing(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, emptyBodySchema, { optional: true });
    if ('refusal' in body) return body.refusal;
    const { accountSid, store, log } = tools;
    const by = c.get('client') ?? null;
    await store.resumeDialing({ accountSid, by });
    log.warn({ by }, 'dialing was resumed');
    return answerDialing(tools, c);
  };
}

async function answerDialing({ accountSid, store, dialLimits }: ApiTools, c: ApiContext): Promise<Response> {
  const { limits, ...others } = await store.readDialing({ accountSid });
  const configured = dialLimits ? configuredLimits(dialLimits) : null;
  const answer: DialingAnswer = { accountSid, limits, configured, ...others };
  return c.json(answer);
}

/** The configured limits in the form of the limits that are set here, in which 0 means no limit. */
function configuredLimits(limits: DialLimits): NonNullable<DialingAnswer['configured']> {
  return {
    callsPerSecond: limits.callsPerSecond,
    callsInFlight: limits.callsInFlight ?? 0,
    contactsPerNumber: limits.contactsPerNumber?.count ?? 0,
    contactsPeriodSeconds: limits.contactsPerNumber?.seconds ?? null,
    callsPerNumber: limits.callsPerNumber ?? 0,
  };
}
