import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { DeadLetterFilter } from '../../../activities/store/deadLetters.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest, isTemporalUnavailable, problem } from '../http/problem.js';
import { isCursor, isLimit, isOneOf, readQuery, unknownCursor } from '../http/queryParameters.js';
import { pathSegment } from '../http/requestTarget.js';

const startWithinMs = 3_000;
const standardLimit = 50;

/** What each query parameter of `GET /dead-letters` must be. */
const filters = {
  callId: { right: 'a call id', holds: (text: string) => text !== '' },
  state: isOneOf(['dead', 'delivered']),
  limit: isLimit(200),
  cursor: isCursor,
};

/** `GET /dead-letters`: notifications that no receiver took, newest first. */
export function listDeadLetters(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, filters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { limit, ...texts } = parsed.query;
    try {
      const filter = { ...texts, limit: Number(limit ?? standardLimit) } as DeadLetterFilter;
      return c.json(await tools.store.listDeadLetters(filter));
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [unknownCursor(parsed.query.cursor)]);
    }
  };
}

/** `POST /dead-letters/{id}/resend`: posts it again, for a day, under the `webhook-id` that it has. */
export function resendDeadLetter(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const id = pathSegment(c, 2);
    const found = id === null ? null : await tools.store.findDeadLetter(id);
    if (found === null)
      return problem(
        c,
        'no-such-dead-letter',
        'There is no dead letter of this id; check the id, or search with GET /dead-letters.',
      );
    const { letter, notification } = found;
    if (letter.state === 'delivered')
      return conflict(c, `The receiver took it at ${letter.deliveredAt}. Nothing was sent.`);
    try {
      await withDeadline(tools.temporal, startWithinMs, (workflow) =>
        workflow.start('resentNotification', {
          // One run at a time, and another one after it.
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
        return conflict(c, 'It is being sent again already, for a day if need be.');
      if (!isTemporalUnavailable(error)) throw error;
      tools.log.error({ err: error, requestId: c.get('requestId') }, 'a dead letter could not be sent again');
      return problem(
        c,
        'temporal-unavailable',
        'Temporal did not confirm in time that it is sent again. Ask once more: while one run sends it, no second one does.',
      );
    }
    // For people who look at the list; whether it is under way, Temporal knows.
    await tools.store.markDeadLetterResent(letter.id).catch((error: unknown) => {
      tools.log.warn({ err: error, requestId: c.get('requestId') }, 'a resend was not noted');
    });
    return c.json({ id: letter.id }, 202);
  };
}

function conflict(c: ApiContext, why: string): Response {
  return problem(
    c,
    'resend-conflict',
    `${why} GET /dead-letters tells what was delivered, and what was not.`,
  );
}
