import { z } from 'zod';
import { phoneNumber } from '../../../activities/validation/callRequestSchema.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { numberInPath, readNumberInPath } from '../http/numberInPath.js';
import { nextCursor, pageParameters, readPageQuery } from '../http/page.js';
import { problem } from '../http/problem.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';

const filters = pageParameters('Numbers', { standard: 100, most: 1000 });

const invalidNumberSchema = z
  .object({
    to: phoneNumber('+15005550001'),
    source: z.enum(['lookup', 'twilio']),
    code: z.string(),
    message: z.string(),
    callId: z.string().meta({ description: 'The call that found it out.' }),
    seenAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'InvalidNumber', description: 'A number that does not exist, as Twilio said.' });

const invalidNumberPageSchema = z
  .object({
    invalidNumbers: z.array(invalidNumberSchema),
    nextCursor: nextCursor(),
  })
  .meta({ id: 'InvalidNumberPage', example: { invalidNumbers: [], nextCursor: null } });

export const invalidNumberRoutes: Route[] = [
  {
    method: 'get',
    path: '/invalid-numbers',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Do not call',
    operationId: 'listInvalidNumbers',
    summary: 'List numbers remembered as invalid',
    description: 'By number, with what Twilio said.',
    parameters: queryParameters(filters),
    answers: { 200: { description: 'One page of numbers.', content: jsonContent(invalidNumberPageSchema) } },
    problems: ['invalid-request', 'store-unavailable'],
    serve: listInvalidNumbers,
  },
  {
    method: 'get',
    path: '/invalid-numbers/{number}',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Do not call',
    operationId: 'readInvalidNumber',
    summary: 'Find out whether a number is remembered as invalid',
    parameters: [numberInPath],
    answers: {
      200: { description: 'What Twilio said about it.', content: jsonContent(invalidNumberSchema) },
    },
    problems: ['not-listed', 'invalid-request', 'store-unavailable'],
    serve: readInvalidNumber,
  },
  {
    method: 'delete',
    path: '/invalid-numbers/{number}',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Do not call',
    operationId: 'forgetInvalidNumber',
    summary: 'Forget that a number is invalid',
    parameters: [numberInPath],
    answers: { 204: { description: 'It is forgotten, and calls to the number may be placed again.' } },
    problems: ['not-listed', 'too-large', 'invalid-request', 'store-unavailable'],
    serve: forgetInvalidNumber,
  },
];

function listInvalidNumbers({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, filters);
    return 'refusal' in page ? page.refusal : c.json(await store.listInvalidNumbers(page.query));
  };
}

function readInvalidNumber({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = readNumberInPath(c);
    if ('refusal' in path) return path.refusal;
    const invalid = await store.findInvalidNumber(path.number);
    return invalid === null ? notRemembered(c) : c.json(invalid);
  };
}

function forgetInvalidNumber({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = readNumberInPath(c);
    if ('refusal' in path) return path.refusal;
    return (await store.forgetInvalidNumber(path.number)) ? c.body(null, 204) : notRemembered(c);
  };
}

function notRemembered(c: ApiContext): Response {
  return problem(
    c,
    'not-listed',
    'The number is not remembered as invalid. GET /invalid-numbers lists the numbers that are.',
  );
}
