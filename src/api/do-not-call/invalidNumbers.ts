import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { notListed, numberIn } from '../http/numberInPath.js';
import { invalidRequest } from '../http/problem.js';
import { isCursor, isLimit, readQuery, unknownCursor } from '../http/queryParameters.js';

/** What each query parameter of `GET /invalid-numbers` must be. */
const filters = { limit: isLimit(1000), cursor: isCursor };
const standardLimit = 100;

/** `GET /invalid-numbers`: what Twilio has said of numbers that there is none such, by number. */
export function listInvalidNumbers({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, filters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { limit, ...texts } = parsed.query;
    try {
      return c.json(await store.listInvalidNumbers({ ...texts, limit: Number(limit ?? standardLimit) }));
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [unknownCursor(parsed.query.cursor)]);
    }
  };
}

/** `GET /invalid-numbers/{number}`. */
export function readInvalidNumber({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = numberIn(c, 2);
    if ('refusal' in path) return path.refusal;
    const invalid = await store.findInvalidNumber(path.number);
    return invalid === null ? notRemembered(c) : c.json(invalid);
  };
}

/** `DELETE /invalid-numbers/{number}`: forgets what was said, so that the number is dialed again. */
export function forgetInvalidNumber({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = numberIn(c, 2);
    if ('refusal' in path) return path.refusal;
    return (await store.forgetInvalidNumber(path.number)) ? c.body(null, 204) : notRemembered(c);
  };
}

function notRemembered(c: ApiContext): Response {
  return notListed(
    c,
    'The number is not remembered as invalid. See GET /invalid-numbers for those that are.',
  );
}
