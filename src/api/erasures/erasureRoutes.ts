import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { phoneNumber } from '../../../activities/validation/callRequestSchema.js';
import { must } from '../../../activities/validation/fault.js';
import { searchableForms } from '../../encryption/numberHiding.js';
import { runningIds } from '../../removal/eraseNumber.js';
import { findRuns } from '../../removal/workflowRuns.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, readBody } from '../http/jsonBody.js';
import { problem } from '../http/problem.js';
import { pathSegment, resourceUrl } from '../http/requestTarget.js';
import { jsonContent, locationOf, type Route, rolesFor } from '../http/route.js';

const exampleId = 'erasure-0f8fad5b-d9cb-469f-a165-70867728950e';

const requestSchema = z
  .strictObject(
    { number: phoneNumber('+15005550006').meta({ description: 'The number to erase, E.164.' }) },
    must('an object with number'),
  )
  .meta({ id: 'ErasureRequest' });

const time = () => z.string().meta({ format: 'date-time' });
const erasureSchema = z
  .object({
    id: z.string(),
    url: z.string().meta({ format: 'uri' }),
    state: z.enum(['running', 'done']).meta({ description: 'done: nothing of the number is left.' }),
    waitingFor: z.nullable(z.string()).meta({ description: 'What it waits for, for people.' }),
    requestedBy: z.nullable(z.string()),
    requestedAt: time(),
    finishedAt: z.nullable(time()),
    calls: z.int().min(0).meta({ description: 'Calls erased so far.' }),
    workflows: z.int().min(0).meta({
      description: 'Runs of workflows deleted in Temporal so far; not those of a worker that crashed.',
    }),
  })
  .meta({ id: 'Erasure', description: 'The erasure of a number. It does not show the number.' });

export const erasureRoutes: Route[] = [
  {
    method: 'post',
    path: '/erasures',
    roles: rolesFor.erasing,
    tag: 'Privacy',
    operationId: 'eraseNumber',
    summary: 'Erase everything about a number',
    description:
      'Removes every trace of the number from the outcome store and from Temporal. Counts of batches stay, and so does an entry of the do-not-call list.',
    body: { required: true, content: jsonContent(requestSchema, { number: '+15005550006' }) },
    answers: {
      202: {
        description: 'A worker erases it. If that is under way already: that erasure.',
        headers: locationOf('erasure'),
        content: jsonContent(erasureSchema),
      },
    },
    problems: ['erasure-conflict', ...bodyProblems, 'temporal-unavailable', 'store-unavailable'],
    serve: addErasure,
  },
  {
    method: 'get',
    path: '/erasures/{id}',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Privacy',
    operationId: 'readErasure',
    summary: 'Read how far an erasure is',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The id of the erasure.',
        schema: { type: 'string', minLength: 1 },
        example: exampleId,
      },
    ],
    answers: { 200: { description: 'The erasure.', content: jsonContent(erasureSchema) } },
    problems: ['no-such-erasure', 'store-unavailable'],
    serve: readErasure,
  },
];

function addErasure({ store, temporal, encryption }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, requestSchema);
    if ('refusal' in body) return body.refusal;
    const { number } = body.input;
    const traces = await store.findTraces(number);
    const forms = traces.numbers.flatMap((one) => searchableForms(one, encryption?.keys ?? []));
    const callIds = runningIds(traces, await findRuns(temporal, { forms, workflowIds: [] }));
    if (callIds.length > 0)
      return problem(
        c,
        'erasure-conflict',
        `The number is being called, so nothing was erased: ${callIds.join(', ')}. Wait until these are over, or cancel them, and send the request again.`,
        { callIds },
      );
    const requestedBy = c.get('client') ?? null;
    const erasure = await store.addErasure({ id: `erasure-${randomUUID()}`, number, requestedBy });
    const url = resourceUrl(c, `/erasures/${erasure.id}`);
    c.header('Location', url);
    return c.json({ ...erasure, url }, 202);
  };
}

function readErasure({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const id = pathSegment(c, 2);
    const erasure = id === null ? null : await store.findErasure(id);
    if (erasure === null)
      return problem(
        c,
        'no-such-erasure',
        'There is no erasure with this id. POST /erasures answers with one.',
      );
    return c.json({ ...erasure, url: resourceUrl(c, `/erasures/${erasure.id}`) });
  };
}
