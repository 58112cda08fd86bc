import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import {
  type DoNotCallSource,
  doNotCallSources,
} from '../../../activities/store/do-not-call/doNotCallList.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { readJson } from '../http/jsonBody.js';
import { notListed, numberIn } from '../http/numberInPath.js';
import { invalidRequest, problem } from '../http/problem.js';
import { isCursor, isLimit, isOneOf, readQuery, unknownCursor } from '../http/queryParameters.js';
import { ImportTooLarge, importLimitBytes, readDoNotCallCsv } from './doNotCallCsv.js';
import { checkDoNotCallRequest, longestReason, reasonRule } from './doNotCallSchema.js';

/** What each query parameter of `GET /do-not-call` must be. */
const filters = {
  reason: { right: reasonRule, holds: (text: string) => text.length <= longestReason },
  source: isOneOf(doNotCallSources),
  expired: isOneOf(['true', 'false']),
  limit: isLimit(1000),
  cursor: isCursor,
};

const standardLimit = 100;
const csv = /^text\/csv\s*(;|$)/i;

/** Is this an import, which may be longer than other bodies? */
export function isImport(c: ApiContext): boolean {
  return (
    c.req.method === 'POST' && c.req.path === '/do-not-call' && csv.test(c.req.header('Content-Type') ?? '')
  );
}

/** `GET /do-not-call`: the do-not-call list, by number. */
export function listDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, filters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { limit, expired, source, ...texts } = parsed.query;
    try {
      const page = await store.listDoNotCall({
        ...texts,
        ...(source === undefined ? {} : { source: source as DoNotCallSource }),
        ...(expired === undefined ? {} : { expired: expired === 'true' }),
        limit: Number(limit ?? standardLimit),
      });
      return c.json(page);
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [unknownCursor(parsed.query.cursor)]);
    }
  };
}

/** `POST /do-not-call`: one number as JSON, or a whole list as CSV. */
export function addToDoNotCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    if (isImport(c)) return importCsv(tools, c);
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const checked = checkDoNotCallRequest(json.body);
    if ('faults' in checked) return invalidRequest(c, checked.faults);
    const { to, reason = '', expiresAt = null } = checked.entry;
    return c.json(await tools.store.addToDoNotCall({ to, reason, expiresAt, source: 'api' }));
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
    const parsed = await readDoNotCallCsv(c.req.raw.body);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { added } = await store.addAllToDoNotCall(parsed.entries, 'csv');
    return c.json({ rows: parsed.entries.length, added });
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

/** `GET /do-not-call/{number}`. */
export function readDoNotCallEntry({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = numberIn(c, 2);
    if ('refusal' in path) return path.refusal;
    const entry = await store.findDoNotCall(path.number);
    return entry === null ? notOnList(c) : c.json(entry);
  };
}

/** `DELETE /do-not-call/{number}`. */
export function removeFromDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = numberIn(c, 2);
    if ('refusal' in path) return path.refusal;
    return (await store.removeFromDoNotCall(path.number)) ? c.body(null, 204) : notOnList(c);
  };
}

/** `POST /do-not-call/purge`: deletes the entries that have expired. */
export function purgeDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => c.json({ removed: await store.purgeDoNotCall() });
}

function notOnList(c: ApiContext): Response {
  return notListed(c, 'The number is not on the do-not-call list. See GET /do-not-call for those that are.');
}
