import { type CountryCode, isSupportedCountry } from 'libphonenumber-js';
import { z } from 'zod';
import {
  type DoNotCallSource,
  doNotCallSources,
} from '../../../activities/store/do-not-call/doNotCallList.js';
import { charsetOf } from '../csv/charsetOf.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, emptyBodySchema, readBody, readJson } from '../http/jsonBody.js';
import { numberInPath, readNumberInPath } from '../http/numberInPath.js';
import { pageParameters, readPageQuery } from '../http/page.js';
import { invalidRequest, problem } from '../http/problem.js';
import { numberParameter, oneOf, type QueryParameter, readQuery } from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { ImportTooLarge, importLimitBytes, readDoNotCallCsv } from './doNotCallCsv.js';
import { doNotCallExport } from './doNotCallExport.js';
import {
  checkDoNotCallRequest,
  doNotCallEntrySchema,
  doNotCallImportSchema,
  doNotCallPageSchema,
  doNotCallRemovalPageSchema,
  doNotCallRequestSchema,
  longestReason,
  reasonRule,
} from './doNotCallSchema.js';

const pageSize = { standard: 100, most: 1000 };
const csv = /^text\/csv\s*(;|$)/i;

const reasonParameter: QueryParameter = {
  right: reasonRule,
  holds: (text) => text.length <= longestReason,
  description: 'Only entries with exactly this reason.',
  schema: { type: 'string', maxLength: longestReason },
};
const filters = {
  reason: reasonParameter,
  source: oneOf(doNotCallSources, 'Only entries from this source.'),
  expired: oneOf(
    ['true', 'false'],
    'true: only entries that have expired. false: only entries that still hold.',
  ),
  ...pageParameters('Numbers', pageSize),
};
const removalFilters = {
  to: numberParameter('Only removals of this number. Write its + as %2B.'),
  ...pageParameters('Removals', pageSize),
};
const { limit: _limit, cursor: _cursor, ...exportFilters } = filters;

const importParameters = {
  country: {
    right: 'a country by its two letters, such as US',
    holds: (text: string) => isSupportedCountry(text.toUpperCase()),
    read: (text: string) => text.toUpperCase(),
    description:
      'Whose national numbers the CSV has, by two letters. It then may lack a header: in each row a number, in one cell or in several.',
    schema: { type: 'string', pattern: '^[A-Za-z]{2}$' },
  },
};

export const doNotCallRoutes: Route[] = [
  {
    method: 'get',
    path: '/do-not-call',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Do not call',
    operationId: 'listDoNotCall',
    summary: 'List the do-not-call list',
    description: 'By number.',
    parameters: queryParameters(filters),
    answers: { 200: { description: 'One page of the list.', content: jsonContent(doNotCallPageSchema) } },
    problems: ['invalid-request', 'store-unavailable'],
    serve: listDoNotCall,
  },
  {
    method: 'get',
    path: '/do-not-call/export.csv',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Do not call',
    operationId: 'exportDoNotCall',
    summary: 'Read the whole do-not-call list as CSV',
    description: 'By number. If the answer breaks off, it is not complete: repeat the request.',
    parameters: queryParameters(exportFilters),
    answers: {
      200: {
        description: 'All entries. An import reads them again.',
        content: { 'text/csv': { schema: { type: 'string' } } },
      },
    },
    problems: ['invalid-request', 'store-unavailable'],
    serve: exportDoNotCall,
  },
  {
    method: 'post',
    path: '/do-not-call',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Do not call',
    operationId: 'addToDoNotCall',
    summary: 'Put numbers on the do-not-call list',
    description:
      'One number as JSON, or a list of at most 64 MiB as CSV. The header of the CSV has `to` and, optionally, `reason` and `expires_at`. A list with any fault is not imported at all. If the number is already listed, the entry that holds longer stays.',
    parameters: queryParameters(importParameters),
    body: {
      required: true,
      content: {
        ...jsonContent(doNotCallRequestSchema, { to: '+15005550006', reason: 'asked us not to call' }),
        'text/csv': {
          schema: { type: 'string' },
          example: 'to,reason,expires_at\n+15005550006,asked us not to call,\n',
        },
      },
    },
    answers: {
      200: {
        description: 'The entry of the number, or what was imported.',
        content: jsonContent(z.union([doNotCallEntrySchema, doNotCallImportSchema])),
      },
    },
    problems: [...bodyProblems, 'store-unavailable'],
    serve: addToDoNotCall,
  },
  {
    method: 'post',
    path: '/do-not-call/purge',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Do not call',
    operationId: 'purgeDoNotCall',
    summary: 'Delete the entries that have expired',
    body: { required: false, content: jsonContent(emptyBodySchema) },
    answers: {
      200: {
        description: 'How many entries were deleted.',
        content: jsonContent(z.object({ removed: z.int().min(0) }), { removed: 12 }),
      },
    },
    problems: [...bodyProblems, 'store-unavailable'],
    serve: purgeDoNotCall,
  },
  {
    method: 'get',
    path: '/do-not-call/removals',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Do not call',
    operationId: 'listDoNotCallRemovals',
    summary: 'List who took numbers off the do-not-call list',
    description: 'Newest first. Entries that were purged because they had expired are not among them.',
    parameters: queryParameters(removalFilters),
    answers: { 200: { description: 'One page.', content: jsonContent(doNotCallRemovalPageSchema) } },
    problems: ['invalid-request', 'store-unavailable'],
    serve: listDoNotCallRemovals,
  },
  {
    method: 'get',
    path: '/do-not-call/{number}',
    roles: rolesFor.readingListsAndDialing,
    tag: 'Do not call',
    operationId: 'readDoNotCallEntry',
    summary: 'Find out whether a number is on the do-not-call list',
    parameters: [numberInPath],
    answers: {
      200: {
        description: 'Its entry, which may have expired.',
        content: jsonContent(doNotCallEntrySchema),
      },
    },
    problems: ['not-listed', 'invalid-request', 'store-unavailable'],
    serve: readDoNotCallEntry,
  },
  {
    method: 'delete',
    path: '/do-not-call/{number}',
    roles: rolesFor.changingListsAndDialing,
    tag: 'Do not call',
    operationId: 'removeFromDoNotCall',
    summary: 'Take a number off the do-not-call list',
    parameters: [numberInPath],
    answers: { 204: { description: 'The number is not on the list any more.' } },
    problems: ['not-listed', 'too-large', 'invalid-request', 'store-unavailable'],
    serve: removeFromDoNotCall,
  },
];

/** True for a CSV import, which may be longer than other bodies. */
export function isImport(c: ApiContext): boolean {
  return (
    c.req.method === 'POST' &&
    /^\/do-not-call\/?$/.test(c.req.path) &&
    csv.test(c.req.header('Content-Type') ?? '')
  );
}

function listDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, filters);
    if ('refusal' in page) return page.refusal;
    const { expired, source, ...others } = page.query;
    return c.json(await store.listDoNotCall({ ...others, ...filterOf({ source, expired }) }));
  };
}

function filterOf({ source, expired }: { source?: string | undefined; expired?: string | undefined }) {
  return {
    ...(source === undefined ? {} : { source: source as DoNotCallSource }),
    ...(expired === undefined ? {} : { expired: expired === 'true' }),
  };
}

function exportDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, exportFilters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { source, expired, ...texts } = parsed.query;
    const lines = doNotCallExport(store, { ...texts, ...filterOf({ source, expired }) });
    c.header('Content-Type', 'text/csv; charset=utf-8; header=present');
    c.header('Content-Disposition', 'attachment; filename="do-not-call.csv"');
    // A failure in the middle breaks the answer off, so that no client takes a part for the whole.
    return c.body(ReadableStream.from(lines).pipeThrough(new TextEncoderStream()));
  };
}

function addToDoNotCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    if (isImport(c)) return importCsv(tools, c);
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const checked = checkDoNotCallRequest(json.body);
    if ('faults' in checked) return invalidRequest(c, checked.faults);
    const { to, reason = '', expiresAt = null } = checked.entry;
    const addedBy = c.get('client') ?? null;
    return c.json(await tools.store.addToDoNotCall({ to, reason, expiresAt, source: 'api', addedBy }));
  };
}

async function importCsv({ store }: ApiTools, c: ApiContext): Promise<Response> {
  if (!/^(identity)?$/i.test(c.req.header('Content-Encoding') ?? ''))
    return problem(
      c,
      'unsupported-media-type',
      'The list came with a Content-Encoding. Send it uncompressed.',
      { headers: { 'Accept-Encoding': 'identity' } },
    );
  if (Number(c.req.header('Content-Length') ?? 0) > importLimitBytes) return tooLarge(c);
  const parameters = readQuery(c, importParameters);
  if ('faults' in parameters) return invalidRequest(c, parameters.faults);
  const charset = charsetOf(c);
  if (charset === undefined)
    return problem(
      c,
      'unsupported-media-type',
      'The charset of the Content-Type is unknown. Send the list in UTF-8.',
    );
  try {
    const country = parameters.query.country as CountryCode | undefined;
    const parsed = await readDoNotCallCsv(c.req.raw.body, { charset, country });
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const { added } = await store.addAllToDoNotCall(parsed.entries, 'csv', c.get('client') ?? null);
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
    `A list may have at most ${importLimitBytes} bytes. Send it in several parts, each with its header. Nothing was imported.`,
    { headers: { Connection: 'close' } },
  );
}

function readDoNotCallEntry({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = readNumberInPath(c);
    if ('refusal' in path) return path.refusal;
    const entry = await store.findDoNotCall(path.number);
    return entry === null ? notListed(c) : c.json(entry);
  };
}

function removeFromDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const path = readNumberInPath(c);
    if ('refusal' in path) return path.refusal;
    return (await store.removeFromDoNotCall(path.number, c.get('client') ?? null))
      ? c.body(null, 204)
      : notListed(c);
  };
}

function listDoNotCallRemovals({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = readPageQuery(c, removalFilters);
    return 'refusal' in page ? page.refusal : c.json(await store.listDoNotCallRemovals(page.query));
  };
}

function purgeDoNotCall({ store }: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, emptyBodySchema, { optional: true });
    return 'refusal' in body ? body.refusal : c.json({ removed: await store.purgeDoNotCall() });
  };
}

function notListed(c: ApiContext): Response {
  return problem(
    c,
    'not-listed',
    'The number is not on the do-not-call list. GET /do-not-call lists the numbers that are.',
  );
}
