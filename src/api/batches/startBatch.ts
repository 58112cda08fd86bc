import { createHash, randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { z } from 'zod';
import { namedAccounts } from '../../../activities/accounts/account.js';
import { type Fault, faultsOf, isObject, limitFaults, must } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import type { RedialQuery } from '../../../workflows/batch/batchProgress.js';
import { isOver } from '../../../workflows/batch/batchProgress.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import { charsetOf } from '../csv/charsetOf.js';
import { decodedText, UnreadableText } from '../csv/decodedText.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { hashOf, idempotencyKey, idOfKey, keyFaults } from '../http/idempotencyKey.js';
import { bodyProblems } from '../http/jsonBody.js';
import { invalidRequest, isTemporalUnavailable, problem } from '../http/problem.js';
import { oneOf, readQuery } from '../http/queryParameters.js';
import { resourceUrl } from '../http/requestTarget.js';
import { jsonContent, locationOf, type Route, rolesFor } from '../http/route.js';
import { type leftOutSchema, startedBatchSchema } from './batchAnswerSchema.js';
import { BodyTooLarge, bodyBytes } from './batchBody.js';
import {
  type BatchParameters,
  batchParametersSchema,
  csvParameters,
  csvQueryParameters,
  defaultsSchema,
  dryRunSchema,
  faultsInDefaults,
  skipFaultyRowsSchema,
  standardWindow,
  uniqueSchema,
} from './batchParameters.js';
import { csvRows } from './csvRows.js';
import { dryRunBatch, dryRunBatchSchema } from './dryRunBatch.js';
import {
  type IncomingRow,
  type LoadResult,
  loadBatch,
  type RowFault,
  type SkippedRows,
} from './loadBatch.js';

const batchWorkflowType = 'callBatch';
const startWithinMs = 10_000;
const maxCsvBytes = 256 * 1024 * 1024;
/** JSON is held in memory as a whole. */
const maxJsonBytes = 16 * 1024 * 1024;

const batchBodySchema = z
  .strictObject(
    {
      ...batchParametersSchema.shape,
      unique: uniqueSchema,
      skipFaultyRows: skipFaultyRowsSchema,
      defaults: defaultsSchema,
      calls: z
        .array(
          z.custom<PartialCallRequest>(isObject, must('a call request, a JSON object')).meta({
            type: 'object',
            required: ['to'],
            description: 'A CallRequest. Its fields take precedence over the defaults.',
          }),
          must('a list of call requests'),
        )
        .min(1, must('a list of at least one call request')),
    },
    must('an object with calls'),
  )
  .meta({
    id: 'BatchRequest',
    example: {
      name: 'Appointments of 2 March',
      defaults: { twiml: '<Response><Say>See you tomorrow.</Say></Response>' },
      calls: [{ to: '+15005551200', metadata: { order: '4711' } }, { to: '+15005552486' }],
    },
  });

export const batchStarted: Route['answers'] = {
  202: {
    description: 'The batch was started.',
    headers: locationOf('batch'),
    content: jsonContent(startedBatchSchema),
  },
  200: {
    description: 'The batch that this Idempotency-Key started before.',
    headers: locationOf('batch'),
    content: jsonContent(startedBatchSchema),
  },
};

export const batchKey = idempotencyKey('batch', 'appointments-2026-03-02');

/** The query of a batch in JSON, whose other parameters are in its body. */
const jsonQuery = { dryRun: oneOf(['true', 'false'], dryRunSchema.meta()?.description ?? '') };

export const startBatchRoute: Route = {
  method: 'post',
  path: '/batches',
  roles: rolesFor.changingCalls,
  tag: 'Batches',
  operationId: 'startBatch',
  summary: 'Start many calls',
  description:
    'All rows are checked before anything is stored or dialed. One faulty row refuses the whole batch, and `faults` names row and column. With `skipFaultyRows` such rows are left out, and `skipped` names them. With CSV the parameters are in the query, with JSON in the body.',
  parameters: [batchKey, ...csvQueryParameters],
  body: {
    required: true,
    content: {
      ...jsonContent(batchBodySchema),
      'text/csv': {
        schema: { type: 'string' },
        example: 'to,metadata.order\n+15005551200,4711\n+15005552486,4712\n',
      },
    },
  },
  answers: {
    ...batchStarted,
    200: {
      description:
        'The batch that this Idempotency-Key started before. With dryRun: what would become of its calls.',
      content: jsonContent(z.union([startedBatchSchema, dryRunBatchSchema])),
    },
  },
  problems: [...bodyProblems, 'bad-request', 'key-reused', 'temporal-unavailable', 'store-unavailable'],
  serve: startBatch,
};

/** True for a request whose body is read as a stream, with a limit of its own. */
export function isBatchUpload(c: ApiContext): boolean {
  return c.req.method === 'POST' && /^\/batches\/?$/.test(c.req.path);
}

function startBatch(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const key = c.req.header('Idempotency-Key');
    const badKey = keyFaults(key);
    if (badKey.length > 0) return invalidRequest(c, badKey);
    if (!/^(identity)?$/i.test(c.req.header('Content-Encoding') ?? ''))
      return problem(
        c,
        'unsupported-media-type',
        'The body came with a Content-Encoding. Send it uncompressed.',
        { headers: { 'Accept-Encoding': 'identity' } },
      );
    const type = (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    try {
      if (type === 'text/csv') return await fromCsv(tools, c, key);
      if (/^application\/([^;\s]+\+)?json$/.test(type)) return await fromJson(tools, c, key);
    } catch (error) {
      if (error instanceof BodyTooLarge)
        return problem(
          c,
          'too-large',
          `A body of this type may have at most ${error.maxBytes} bytes. Nothing was stored or dialed. Send several batches${type === 'text/csv' ? '' : ', or send CSV'}.`,
        );
      if (error instanceof UnreadableText)
        return problem(
          c,
          'bad-request',
          type === 'text/csv'
            ? `The body ${error.message}. Nothing was stored or dialed.`
            : 'The body is not UTF-8. Nothing was stored or dialed.',
        );
      throw error;
    }
    return problem(
      c,
      'unsupported-media-type',
      `The body came ${type === '' ? 'without a Content-Type' : 'as another Content-Type'}. Send text/csv or application/json.`,
      { headers: { Accept: 'text/csv, application/json' } },
    );
  };
}

async function fromCsv(tools: ApiTools, c: ApiContext, key: string | undefined): Promise<Response> {
  const charset = charsetOf(c);
  if (charset === undefined)
    return problem(
      c,
      'unsupported-media-type',
      'The charset of the Content-Type is unknown. Send CSV in UTF-8.',
      {
        headers: { Accept: 'text/csv, application/json' },
      },
    );
  const checked = csvParameters(new URL(c.req.url).searchParams, requestContext(tools));
  if ('faults' in checked) return invalidRequest(c, limitFaults(checked.faults));
  const { parameters } = checked;
  const hash = createHash('sha256').update(`csv\0${hashOf(parameters)}\0`);
  const text = decodedText(bodyBytes(c, maxCsvBytes, hash), charset);
  const delimiter = parameters.delimiter === 'tab' ? '\t' : parameters.delimiter;
  return createBatch(tools, c, key, parameters, {
    rows: () => csvRows(text, delimiter),
    contentHash: async () => {
      for await (const _ of text) {
        // The hash covers the whole body, so read it to the end.
      }
      return hash.digest('hex');
    },
  });
}

async function fromJson(tools: ApiTools, c: ApiContext, key: string | undefined): Promise<Response> {
  const read = readQuery(c, jsonQuery);
  if ('faults' in read) return invalidRequest(c, read.faults);
  let text = '';
  for await (const part of decodedText(bodyBytes(c, maxJsonBytes, createHash('sha256')), 'utf-8'))
    text += part;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    return problem(
      c,
      'not-json',
      `The body cannot be read as JSON in UTF-8 (${why.slice(0, 200)}). Correct it and send it again.`,
    );
  }
  const parsed = batchBodySchema.safeParse(body);
  if (!parsed.success) {
    const names = { root: Object.keys(batchBodySchema.shape) };
    return invalidRequest(c, limitFaults(faultsOf(parsed.error.issues, body, names).map(withRow)));
  }
  const wrong = faultsInDefaults(parsed.data.defaults, requestContext(tools));
  if (wrong.length > 0) return invalidRequest(c, limitFaults(wrong));
  const { calls: requests, ...inBody } = parsed.data;
  const parameters = { ...inBody, dryRun: read.query.dryRun === 'true' };
  return createBatch(tools, c, key, parameters, {
    rows: () => jsonRows(requests),
    contentHash: async () => hashOf({ json: body }),
  });
}

/** A fault of `calls.N` names row N + 1, as every other fault of a row does. */
function withRow({ path, message }: Fault): Fault | RowFault {
  const [, nth, , rest] = /^calls\.(\d+)(\.(.+))?$/s.exec(path) ?? [];
  if (nth === undefined) return { path, message };
  return { row: Number(nth) + 1, column: rest ?? null, path: rest ?? '', message };
}

async function* jsonRows(requests: PartialCallRequest[]): AsyncGenerator<IncomingRow> {
  for (const [nth, request] of requests.entries())
    yield { row: nth + 1, line: null, request, faults: [] as Fault[] };
}

/** Where the calls of a batch come from. `contentHash` reads the rest of the body first. */
export interface BatchSource {
  rows: () => AsyncIterable<IncomingRow>;
  contentHash: () => Promise<string>;
  redialOf?: RedialQuery;
  /** Of a redial, once its rows were read: which calls it left out. */
  leftOut?: () => LeftOutCalls[];
}

/** Stores the batch and starts its workflow, unless the same Idempotency-Key did so before. */
export async function createBatch(
  tools: ApiTools,
  c: ApiContext,
  key: string | undefined,
  { name, window, paused, unique, skipFaultyRows, defaults, dryRun }: BatchParameters,
  source: BatchSource,
): Promise<Response> {
  if (dryRun) {
    const options = { defaults: defaults ?? {}, unique: unique === 'to' };
    const result = await dryRunBatch(tools, requestContext(tools), source.rows(), options);
    return 'preview' in result ? c.json(result.preview) : refuseBatch(c, result);
  }
  const batchId = key === undefined ? `batch-${randomUUID()}` : idOfKey('batch', key);
  if (key !== undefined && (await tools.store.findBatch(batchId)) !== null)
    return answerRepeat(tools, c, batchId, await source.contentHash());
  const loaded = await loadBatch({ store: tools.store, known: requestContext(tools) }, source.rows(), {
    name: name ?? null,
    window: window ?? standardWindow,
    defaults: defaults ?? {},
    redialOf: source.redialOf ?? null,
    paused: paused ?? false,
    requestedBy: c.get('client') ?? null,
    unique: unique === 'to',
    skipFaultyRows: skipFaultyRows ?? false,
  });
  if ('faults' in loaded) return refuseBatch(c, loaded);
  const contentHash = await source.contentHash();
  const { draft, total, metadataNames, skipped } = loaded;
  const isNew = await tools.store.publishDraft(draft, { batchId, total, contentHash, metadataNames });
  if (isNew)
    return startAndAnswer(
      tools,
      c,
      {
        batchId,
        total,
        ...(skipped.rows > 0 && { skipped }),
        ...(source.leftOut && { leftOut: source.leftOut() }),
      },
      202,
    );
  await tools.store.discardDraft(draft);
  return answerRepeat(tools, c, batchId, contentHash);
}

async function answerRepeat(
  tools: ApiTools,
  c: ApiContext,
  batchId: string,
  contentHash: string,
): Promise<Response> {
  const found = await tools.store.findBatch(batchId);
  if (found?.contentHash === contentHash) {
    const { total } = found.progress.counts;
    if (isOver(found.progress)) return answer(c, { batchId, total }, 200);
    return startAndAnswer(tools, c, { batchId, total }, 200);
  }
  return problem(
    c,
    'key-reused',
    'This Idempotency-Key belongs to a different request, so nothing was stored. Use a new key for a new batch, or repeat the first request unchanged to get its batch.',
    { batchId },
  );
}

async function startAndAnswer(
  tools: ApiTools,
  c: ApiContext,
  batch: StartedBatch,
  status: 200 | 202,
): Promise<Response> {
  const { batchId } = batch;
  try {
    await startBatchWorkflow(tools, batchId);
  } catch (error) {
    if (!isTemporalUnavailable(error)) throw error;
    tools.log.error({ err: error, requestId: c.get('requestId') }, 'a batch could not be started');
    return problem(
      c,
      'temporal-unavailable',
      'The batch is stored, but Temporal did not confirm in time that it was started. POST /batches/{batchId}/resume starts it. So does the same request with the same Idempotency-Key.',
      { batchId },
    );
  }
  return answer(c, batch, status);
}

/** Starts the workflow of the batch unless it runs. Calls that were started before are not started again. */
export async function startBatchWorkflow(tools: ApiTools, batchId: string): Promise<void> {
  try {
    await withDeadline(tools.temporal, startWithinMs, (workflow) =>
      workflow.start(batchWorkflowType, {
        workflowId: batchId,
        taskQueue: tools.taskQueue,
        args: [],
        staticSummary: 'A batch of calls',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

interface StartedBatch {
  batchId: string;
  total: number;
  skipped?: SkippedRows;
  leftOut?: LeftOutCalls[];
}

type LeftOutCalls = z.output<typeof leftOutSchema>;

function answer(c: ApiContext, { batchId, total, ...more }: StartedBatch, status: 200 | 202): Response {
  const url = batchUrl(c, batchId);
  c.header('Location', url);
  return c.json({ batchId, total, url, ...more }, status);
}

export function batchUrl(c: ApiContext, batchId: string): string {
  return resourceUrl(c, `/batches/${encodeURIComponent(batchId)}`);
}

export function refuseBatch(
  c: ApiContext,
  { faults, totalFaults }: Extract<LoadResult, { totalFaults: number }>,
): Response {
  const count = totalFaults === 1 ? 'one fault' : `${totalFaults} faults`;
  const named =
    totalFaults > faults.length ? `the first ${faults.length} are named in faults` : 'named in faults';
  return problem(
    c,
    'invalid-request',
    `The batch has ${count}, ${named}. Nothing was stored or dialed. Correct the batch and send it again.`,
    { faults, totalFaults },
  );
}

export function requestContext(tools: ApiTools) {
  const { rules, defaultFrom } = tools;
  return { policies: tools.policies(), defaultFrom, accounts: namedAccounts(tools.accounts), rules };
}
