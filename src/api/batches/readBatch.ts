import type { Fault } from '../../../activities/fault.js';
import { InvalidCursor } from '../../../activities/outcomeStore.js';
import type { ApiContext, ApiTools } from '../apiDependencies.js';
import { invalidRequest, problem } from '../problem.js';
import { isCursor, isLimit, readQuery, unknownCursor } from '../queryParameters.js';
import { callIdIn } from '../requestTarget.js';

/** `GET /batches/{batchId}`: where a batch stands. */
export function readBatch(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const found = await batchIn(tools, c);
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
export async function batchIn(tools: ApiTools, c: ApiContext) {
  const batchId = callIdIn(c, 2);
  return batchId === null ? null : tools.store.findBatch(batchId);
}

export function noSuchBatch(c: ApiContext): Response {
  return problem(c, 'no-such-batch', 'There is no batch of this id; check the id, or look at GET /batches.');
}

/** `limit` and `cursor`, and nothing else. */
export function pageOf(
  c: ApiContext,
  { most, standard }: { most: number; standard: number },
): { limit: number; cursor?: string } | { faults: Fault[] } {
  const given = readQuery(c, { limit: isLimit(most), cursor: isCursor });
  if ('faults' in given) return given;
  const { limit, ...cursor } = given.query;
  return { limit: Number(limit ?? standard), ...cursor };
}
