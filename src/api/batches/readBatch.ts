import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { Fault } from '../../../activities/validation/fault.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest, problem } from '../http/problem.js';
import { isCursor, isLimit, readQuery, unknownCursor } from '../http/queryParameters.js';
import { callIdIn } from '../http/requestTarget.js';

/** `GET /batches/{batchId}`: where a batch stands. */
export function readBatch(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const found = await batchOf(tools, c);
    return found === null ? noSuchBatch(c) : c.json(found.progress);
  };
}

/** `GET /batches`: newest first. */
export function listBatches(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = pageOf(c, { most: 200, standard: 50 });
    if ('faults' in page) return invalidRequest(c, page.faults);
    try {
      return c.json(await tools.store.listBatches(page));
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [unknownCursor(page.cursor)]);
    }
  };
}

/** The batch in the path; null when there is none. */
export async function batchOf(tools: ApiTools, c: ApiContext) {
  const batchId = callIdIn(c, 2);
  return batchId === null ? null : tools.store.findBatch(batchId);
}

export function noSuchBatch(c: ApiContext): Response {
  return problem(c, 'no-such-batch', 'There is no batch of this id; check the id, or look at GET /batches.');
}

/** `limit` and `cursor`, and nothing else. */
export function pageOf(
  c: ApiContext,
  { most: max, standard: defaultLimit }: { most: number; standard: number },
): { limit: number; cursor?: string } | { faults: Fault[] } {
  const parsed = readQuery(c, { limit: isLimit(max), cursor: isCursor });
  if ('faults' in parsed) return parsed;
  const { limit, ...cursor } = parsed.query;
  return { limit: Number(limit ?? defaultLimit), ...cursor };
}
