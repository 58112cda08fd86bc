import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { DeadLetterFilter } from '../../../activities/store/deadLetters.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, emptyBodySchema, readBody } from '../http/jsonBody.js';
import { pageParameters, readPageQuery } from '../http/page.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { oneOf, textParameter } from '../http/queryParameters.js';
import { pathSegment } from '../http/requestTarget.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { deadLetterPageSchema, deadLetterStates, resendSchema } from './deadLetterSchema.js';

const startWithinMs = 3_000;
const exampleId = 'msg_5f1c0e7a9b3d4c21a6e80f4d2b7c9913';

const filters = {
  callId: textParameter('a call id', 'Only notifications of this call.'),
  state: oneOf(deadLetterStates, 'Only notifications in this state.'),
  ...pageParameters('Dead letters', { standard: 50, most: 200 }),
};

export const deadLetterRoutes: Route[] = [
  {
    method: 'get',
    path: '/dead-letters',
    roles: rolesFor.readingCalls,
    tag: 'Notifications',
    operationId: 'listDeadLetters',
    summary: 'List undelivered notifications',
    description: 'Newest first. The outcome of each call is recorded in any case.',
    parameters: queryParameters(filters),
    answers: {
      200: { description: 'One page of dead letters.', content: jsonContent(deadLetterPageSchema) },
    },
    problems: ['invalid-request', 'store-unavailable'],
    serve: listDeadLetters,
  },
  {
    method: 'post',
    path: '/dead-letters/{id}/resend',
    roles: rolesFor.changingCalls,
    tag: 'Notifications',
    operationId: 'resendDeadLetter',
    summary: 'Send a dead letter again',
    description:
      'Posts it to the same URL under the same webhook-id. Repeats that for a day until the receiver accepts it.',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The id of the dead letter, which is its webhook-id.',
        schema: { type: 'string', minLength: 1 },
        example: exampleId,
      },
    ],
    body: { required: false, content: jsonContent(emptyBodySchema) },
    answers: {
      202: { description: 'It is being sent.', content: jsonContent(resendSchema, { id: exampleId }) },
    },
    problems: [
      'no-such-dead-letter',
      'resend-conflict',
      ...bodyProblems,
      'temporal-unavailable',
      'store-unavailable',
    ],
    serve: resendDeadLetter,
  },
];

function listDeadLetters(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, filters);
    if ('refusal' in page) return page.refusal;
    return c.json(await tools.store.listDeadLetters(page.query as DeadLetterFilter));
  };
}

function resendDeadLetter(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, emptyBodySchema, { optional: true });
    if ('refusal' in body) return body.refusal;
    const id = pathSegment(c, 2);
    const found = id === null ? null : await tools.store.findDeadLetter(id);
    if (found === null)
      return problem(
        c,
        'no-such-dead-letter',
        'There is no dead letter with this id. Check the id, or search with GET /dead-letters.',
      );
    const { letter, notification } = found;
    if (letter.state === 'delivered')
      return conflict(c, `The receiver accepted it at ${letter.deliveredAt}. Nothing was sent.`);
    try {
      await withDeadline(tools.temporal, startWithinMs, (workflow) =>
        workflow.start('resentNotification', {
          // One run at a time. A later resend may start another run.
          workflowId: `dead-letter:${letter.id}`,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          taskQueue: tools.taskQueue,
          args: [notification],
          staticSummary: `Posts a dead letter again: ${notification.type}`,
        }),
      );
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError)
        return conflict(c, 'It is already being sent again, for up to a day.');
      if (!isTemporalUnavailable(error)) throw error;
      tools.log.error({ err: error, requestId: c.get('requestId') }, 'a dead letter could not be sent again');
      return problem(
        c,
        'temporal-unavailable',
        'Temporal did not confirm in time that it sends the notification. Repeat the request: while one run sends it, no second one starts.',
      );
    }
    // Only for people who look at the list. Temporal knows whether it is being sent.
    await tools.store.markDeadLetterResent(letter.id).catch((error: unknown) => {
      tools.log.warn({ err: error, requestId: c.get('requestId') }, 'a resend was not noted in the store');
    });
    return c.json({ id: letter.id }, 202);
  };
}

function conflict(c: ApiContext, why: string): Response {
  return problem(c, 'resend-conflict', `${why} GET /dead-letters shows what was delivered.`);
}
