import { z } from 'zod';
import type { DialLimits } from '../../../activities/store/placements/dialLimits.js';
import { type Fault, must, show } from '../../../activities/validation/fault.js';
import { longestReason, reasonRule } from '../do-not-call/doNotCallSchema.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, readBody, readJson } from '../http/jsonBody.js';
import { invalidRequest } from '../http/problem.js';
import { jsonContent, type Route, rolesFor } from '../http/route.js';
import {
  accountField,
  checkLimits,
  type DialingAnswer,
  type DialingOfAccount,
  dialingSchema,
  limitsRequestSchema,
} from './dialingSchema.js';

const pauseRequestSchema = z.strictObject(
  {
    account: accountField(),
    reason: z
      .nullable(z.string(must(reasonRule)).max(longestReason, must(reasonRule)))
      .exactOptional()
      .meta({ description: 'Why, for people.' }),
  },
  must('a JSON object with an optional account and reason, or no body at all'),
);

const resumeRequestSchema = z.strictObject(
  { account: accountField() },
  must('a JSON object with an optional account, or no body at all'),
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
    body: { required: false, content: jsonContent(resumeRequestSchema) },
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
    const { account, ...limits } = checked.limits;
    const found = sidOf(tools, account);
    if ('faults' in found) return invalidRequest(c, found.faults);
    const by = c.get('client') ?? null;
    await tools.store.setDialLimits({ ...found, limits, by });
    tools.log.warn({ account, limits, by }, 'limits of dialing were set');
    return answerDialing(tools, c);
  };
}

function pauseDialing(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, pauseRequestSchema, { optional: true });
    if ('refusal' in body) return body.refusal;
    const { account, reason = null } = body.input;
    const found = sidOf(tools, account);
    if ('faults' in found) return invalidRequest(c, found.faults);
    const by = c.get('client') ?? null;
    await tools.store.pauseDialing({ ...found, reason, by });
    tools.log.warn({ account, by }, 'dialing was paused');
    return answerDialing(tools, c);
  };
}

function resumeDialing(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, resumeRequestSchema, { optional: true });
    if ('refusal' in body) return body.refusal;
    const { account } = body.input;
    const found = sidOf(tools, account);
    if ('faults' in found) return invalidRequest(c, found.faults);
    const by = c.get('client') ?? null;
    await tools.store.resumeDialing({ ...found, by });
    tools.log.warn({ account, by }, 'dialing was resumed');
    return answerDialing(tools, c);
  };
}

/** The account of this name, in the form of the store; absent: the main account. */
function sidOf(tools: ApiTools, name: string | undefined): { accountSid: string } | { faults: Fault[] } {
  if (name === undefined) return { accountSid: tools.accountSid };
  const configured = tools.accounts.configured();
  const account = configured.get(name);
  if (account !== undefined) return { accountSid: account.twilio.accountSid };
  const names = [...configured.keys()].join(', ') || 'RINGTRUE_ACCOUNTS names none';
  const message = `is ${show(name)}, but no Twilio account has that name; must be left out, or one of: ${names}`;
  return { faults: [{ path: 'account', message }] };
}

async function answerDialing(tools: ApiTools, c: ApiContext): Promise<Response> {
  const { accountSid, dialLimits, accounts } = tools;
  const main = await dialingOf(tools, accountSid, dialLimits);
  const others = await Promise.all(
    [...accounts.configured()].map(async ([name, { twilio, callsPerSecond, callsInFlight }]) => {
      const limits = dialLimits && { ...dialLimits, callsPerSecond, callsInFlight };
      return [name, await dialingOf(tools, twilio.accountSid, limits)] as const;
    }),
  );
  const answer: DialingAnswer = { ...main, accounts: Object.fromEntries(others) };
  return c.json(answer);
}

async function dialingOf(
  { store }: ApiTools,
  accountSid: string,
  limitsOfWorkers: DialLimits | undefined,
): Promise<DialingOfAccount> {
  const { limits, ...others } = await store.readDialing({ accountSid });
  const configured = limitsOfWorkers ? configuredLimits(limitsOfWorkers) : null;
  return { accountSid, limits, configured, ...others };
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
