import { type Fault, show } from '../../../activities/fault.js';
import { InvalidCursor } from '../../../activities/outcomeStore.js';
import type { ApiContext, ApiTools } from '../apiDependencies.js';
import { invalidRequest, problem } from '../problem.js';
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
      return invalidRequest(c, [cursorFault(page.cursor)]);
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
  const query = new URL(c.req.url).searchParams;
  const faults: Fault[] = [...new Set(query.keys())]
    .filter((name) => name !== 'limit' && name !== 'cursor')
    .map((path) => ({ path, message: 'is unknown; must be one of limit, cursor' }));
  for (const name of ['limit', 'cursor'])
    if (query.getAll(name).length > 1) faults.push({ path: name, message: 'comes twice; must come once' });
  const limit = query.get('limit') ?? String(standard);
  if (!/^[1-9]\d{0,4}$/.test(limit) || Number(limit) > most)
    faults.push({ path: 'limit', message: `is ${show(limit)}; must be an integer 1..${most}` });
  const cursor = query.get('cursor');
  if (faults.length > 0) return { faults };
  return { limit: Number(limit), ...(cursor === null ? {} : { cursor }) };
}

export function cursorFault(cursor: string | undefined): Fault {
  return {
    path: 'cursor',
    message: `is ${show(cursor)}, which no page gave out; must be the nextCursor of an earlier page`,
  };
}
