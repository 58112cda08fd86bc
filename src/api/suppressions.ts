import { InvalidCursor } from '../../activities/outcomeStore.js';
import { type SuppressionSource, suppressionSources } from '../../activities/suppressionList.js';
import type { ApiContext, ApiTools } from './apiDependencies.js';
import { readJson } from './jsonBody.js';
import { notListed, numberIn } from './numberInPath.js';
import { invalidRequest, problem } from './problem.js';
import { isCursor, isLimit, isOneOf, readQuery, unknownCursor } from './queryParameters.js';
import { ImportTooLarge, importLimitBytes, readSuppressionCsv } from './suppressionCsv.js';
import { checkSuppression, longestReason, reasonRight } from './suppressionSchema.js';

/** What each query parameter of `GET /suppressions` must be. */
const filters = {
  reason: { right: reasonRight, holds: (text: string) => text.length <= longestReason },
  source: isOneOf(suppressionSources),
  expired: isOneOf(['true', 'false']),
  limit: isLimit(1000),
  cursor: isCursor,
};

const standardLimit = 100;
const csv = /^text\/csv\s*(;|$)/i;

/** Is this an import, which may be longer than other bodies? */
export function isImport(c: ApiContext): boolean {
  return (
    c.req.method === 'POST' && c.req.path === '/suppressions' && csv.test(c.req.header('Content-Type') ?? '')
  );
}

/** `GET /suppressions`: the do-not-call list, by number. */
export function listSuppressions({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const given = readQuery(c, filters);
    if ('faults' in given) return invalidRequest(c, given.faults);
    const { limit, expired, source, ...texts } = given.query;
    try {
      const page = await store.listSuppressions({
        ...texts,
        ...(source === undefined ? {} : { source: source as SuppressionSource }),
        ...(expired === undefined ? {} : { expired: expired === 'true' }),
        limit: Number(limit ?? standardLimit),
      });
      return c.json(page);
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [unknownCursor(given.query.cursor)]);
    }
  };
}

/** `POST /suppressions`: one number as JSON, or a whole list as CSV. */
export function addSuppressions(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    if (isImport(c)) return importCsv(tools, c);
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const checked = checkSuppression(json.body);
    if ('faults' in checked) return invalidRequest(c, checked.faults);
    const { to, reason = '', expiresAt = null } = checked.entry;
    return c.json(await tools.store.suppress({ to, reason, expiresAt, source: 'api' }));
  };
}

async function importCsv({ store }: ApiTools, c: ApiContext): Promise<Response> {
  if (!/^(identity)?$/i.test(c.req.header('Content-Encoding') ?? ''))
    return problem(
      c,
      'unsupported-media-type',
      'The list came with a Content-Encoding; send it as it is, not compressed.',
      { headers: { 'Accept-Encoding': 'identity' } },
    );
  if (Number(c.req.header('Content-Length') ?? 0) > importLimitBytes) return tooLarge(c);
  try {
    const read = await readSuppressionCsv(c.req.raw.body);
    if ('faults' in read) return invalidRequest(c, read.faults);
    const { added } = await store.suppressAll(read.entries, 'csv');
    return c.json({ rows: read.entries.length, added });
  } catch (error) {
    if (!(error instanceof ImportTooLarge)) throw error;
    return tooLarge(c);
  }
}

function tooLarge(c: ApiContext): Response {
  return problem(
    c,
    'too-large',
    `A list may have ${importLimitBytes} bytes at most; send it in several parts, each with its header. Nothing was imported.`,
    { headers: { Connection: 'close' } },
  );
}

/** `GET /suppressions/{number}`. */
export function readSuppression({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = numberIn(c, 2);
    if ('refusal' in path) return path.refusal;
    const suppression = await store.findSuppression(path.number);
    return suppression === null ? notOnList(c) : c.json(suppression);
  };
}

/** `DELETE /suppressions/{number}`. */
export function removeSuppression({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = numberIn(c, 2);
    if ('refusal' in path) return path.refusal;
    return (await store.unsuppress(path.number)) ? c.body(null, 204) : notOnList(c);
  };
}

/** `POST /suppressions/purge`: deletes the entries that have expired. */
export function purgeSuppressions({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => c.json({ removed: await store.purgeSuppressions() });
}

function notOnList(c: ApiContext): Response {
  return notListed(c, 'The number is not on the do-not-call list. See GET /suppressions for those that are.');
}
