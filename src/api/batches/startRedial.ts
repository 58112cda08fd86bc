import { z } from 'zod';
import type { RedialCandidate } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { phoneNumber } from '../../../activities/validation/callRequestSchema.js';
import { type Fault, faultsOf, limitFaults, must } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import { mergeRow } from '../../../activities/validation/mergeRow.js';
import type { RedialQuery } from '../../../workflows/batch/batchProgress.js';
import { reachabilities } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { hashOf, keyFaults } from '../http/idempotencyKey.js';
import { bodyProblems, readJson } from '../http/jsonBody.js';
import { invalidRequest } from '../http/problem.js';
import { oneOf, readQuery, timeOf, timeText } from '../http/queryParameters.js';
import { jsonContent, queryParameters, type Route, rolesFor } from '../http/route.js';
import { exampleBatchId, leftOutSchema, startedBatchSchema } from './batchAnswerSchema.js';
import {
  batchParametersSchema,
  defaultsSchema,
  faultsInDefaults,
  skipFaultyRowsSchema,
} from './batchParameters.js';
import type { IncomingRow } from './loadBatch.js';
import { noSuchBatch } from './readBatch.js';
import { batchKey, batchStarted, createBatch, requestContext } from './startBatch.js';

const time = (description: string) =>
  z
    .string(must(timeText.right))
    .refine((text) => timeOf(text) !== null, must(timeText.right))
    .exactOptional()
    .meta({ description: `${description} ${timeText.forms}`, examples: timeText.examples });
const someOf = <const T extends string>(words: readonly T[]) => {
  const right = `a list of at least one of ${words.join(', ')}`;
  return z
    .array(z.enum(words, must(`one of ${words.join(', ')}`)), must(right))
    .min(1, must(right))
    .exactOptional();
};

/** Selects recorded calls. At least one of these fields is needed. */
const querySchema = z.strictObject({
  batch: z
    .string(must('a batch id'))
    .min(1, must('a batch id'))
    .exactOptional()
    .meta({ description: 'Calls of this batch.' }),
  outcome: someOf(outcomes),
  reachability: someOf(reachabilities),
  to: phoneNumber('+15005551200').exactOptional(),
  since: time('Started at this time or later.'),
  until: time('Started before this time.'),
});

const redialSchema = z
  .strictObject(
    {
      ...batchParametersSchema.shape,
      ...querySchema.shape,
      skipFaultyRows: skipFaultyRowsSchema,
      overrides: defaultsSchema.meta({
        type: 'object',
        description: 'Fields of a CallRequest that replace those of each original request.',
        example: { retry: 'standard' },
      }),
      dryRun: z
        .boolean(must('true or false'))
        .exactOptional()
        .meta({ description: 'true: dials nothing, only shows which calls would be dialed.' }),
    },
    must('an object that selects calls'),
  )
  .meta({
    id: 'RedialRequest',
    description: 'At least one of `batch`, `outcome`, `reachability`, `to`, `since` and `until` is needed.',
    example: { batch: exampleBatchId, outcome: ['busy', 'no-answer'], dryRun: true },
  });

const previewedCallSchema = z.object({
  callId: z.string(),
  to: z.string(),
  startedAt: z.string().meta({ format: 'date-time' }),
});

const redialPreviewSchema = z
  .object({
    total: z.int().meta({ description: 'Calls that would be dialed again.' }),
    leftOut: z.array(leftOutSchema).meta({ description: 'Calls that match, but must not be dialed again.' }),
    withoutRequest: z.int().meta({ description: 'Calls that match, but whose request was not stored.' }),
    sample: z.array(previewedCallSchema).meta({ description: 'The first ten.' }),
    calls: z.array(previewedCallSchema).meta({ description: 'The first ten thousand.' }),
  })
  .meta({ id: 'RedialPreview' });

/** As in the body, since other routes take it so. */
const queryOfRedial = {
  dryRun: oneOf(['true', 'false'], 'true: as dryRun in the body, nothing is started.'),
};

export const startRedialRoute: Route = {
  method: 'post',
  path: '/redials',
  roles: rolesFor.changingCalls,
  tag: 'Batches',
  operationId: 'startRedial',
  summary: 'Redial calls that match a query',
  description:
    'Starts a new batch of the recorded calls that match, each with its original request. Only the newest call to a number counts. A number that was answered later or is being called now is left out. So is a number that is on the do-not-call list, or whose callee refused further calls (SIP 607): `leftOut` counts these.',
  parameters: [batchKey, ...queryParameters(queryOfRedial)],
  body: { required: true, content: jsonContent(redialSchema) },
  answers: {
    ...batchStarted,
    200: {
      description:
        'With dryRun: the calls that would be dialed. Otherwise: the batch that this Idempotency-Key started before.',
      content: jsonContent(z.union([redialPreviewSchema, startedBatchSchema])),
    },
  },
  problems: [...bodyProblems, 'no-such-batch', 'key-reused', 'temporal-unavailable', 'store-unavailable'],
  serve: startRedial,
};

/** The outcomes that are dialed again if the query names neither outcome nor reachability. */
const failures = ['busy', 'no-answer', 'failed', 'unknown'] as const;

const candidatesPerRead = 1000;
const sampleSize = 10;
const maxPreviewed = 10_000;

function startRedial(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const key = c.req.header('Idempotency-Key');
    const parsed = redialSchema.safeParse(json.body);
    const read = readQuery(c, queryOfRedial);
    const faults: Fault[] = [...('faults' in read ? read.faults : []), ...keyFaults(key)];
    if (!parsed.success) {
      const names = { root: Object.keys(redialSchema.shape) };
      return invalidRequest(c, limitFaults([...faultsOf(parsed.error.issues, json.body, names), ...faults]));
    }
    const {
      name,
      window,
      paused,
      skipFaultyRows,
      overrides = {},
      dryRun: dryRunInBody,
      ...filters
    } = parsed.data;
    const dryRun = dryRunInBody || ('query' in read && read.query.dryRun === 'true');
    if (Object.keys(filters).length === 0)
      faults.push({
        path: '',
        message: `selects no calls; at least one of ${Object.keys(querySchema.shape).join(', ')} is needed`,
      });
    const query = {
      ...(filters.outcome || filters.reachability ? {} : { outcome: [...failures] }),
      ...filters,
      // "24h" is counted back from now, however long the redial reads.
      ...(filters.since === undefined ? {} : { since: timeOf(filters.since) as string }),
      ...(filters.until === undefined ? {} : { until: timeOf(filters.until) as string }),
    };
    faults.push(...faultsInDefaults(overrides, requestContext(tools), 'overrides'));
    if (faults.length > 0) return invalidRequest(c, limitFaults(faults));
    if (query.batch !== undefined && (await tools.store.findBatch(query.batch)) === null)
      return noSuchBatch(c);

    if (dryRun) return c.json(await previewRedial(tools.store, query));
    const parameters = Object.fromEntries(
      Object.entries({ name, window, paused, skipFaultyRows }).filter(([, value]) => value !== undefined),
    );
    const leftOut = new LeftOut();
    return createBatch(tools, c, key, parameters, {
      rows: () => rowsOf(tools.store, query, overrides, leftOut),
      leftOut: () => leftOut.all(),
      contentHash: async () => hashOf({ redial: json.body }),
      redialOf: query,
    });
  };
}

async function previewRedial(store: OutcomeStore, query: RedialQuery) {
  let total = 0;
  let withoutRequest = 0;
  const leftOut = new LeftOut();
  const calls: { callId: string; to: string; startedAt: string }[] = [];
  for await (const { request, leftOutBy, ...call } of candidates(store, query)) {
    if (leftOutBy !== null) leftOut.add(leftOutBy);
    else if (request === null) withoutRequest++;
    else {
      total++;
      if (calls.length < maxPreviewed) calls.push(call);
    }
  }
  return { total, withoutRequest, leftOut: leftOut.all(), sample: calls.slice(0, sampleSize), calls };
}

type LeftOutBy = NonNullable<RedialCandidate['leftOutBy']>;

const whyLeftOut: Record<LeftOutBy, string> = {
  unwanted: 'the callee refused further calls (SIP 607)',
  'do-not-call': 'the number is on the do-not-call list',
};

/** Counts calls that match, but must not be dialed again. */
class LeftOut {
  readonly #calls = new Map<LeftOutBy, number>();

  add(by: LeftOutBy): void {
    this.#calls.set(by, (this.#calls.get(by) ?? 0) + 1);
  }

  all() {
    return [...this.#calls].map(([by, calls]) => ({ by, message: whyLeftOut[by], calls }));
  }
}

async function* rowsOf(
  store: OutcomeStore,
  query: RedialQuery,
  overrides: PartialCallRequest,
  leftOut: LeftOut,
): AsyncGenerator<IncomingRow> {
  let row = 0;
  for await (const { request, leftOutBy } of candidates(store, query)) {
    if (leftOutBy !== null) leftOut.add(leftOutBy);
    if (leftOutBy !== null || request === null) continue;
    row++;
    const merged = mergeRow(withoutPast(request), overrides);
    yield { row, line: null, request: merged, faults: [] };
  }
}

async function* candidates(store: OutcomeStore, query: RedialQuery): AsyncGenerator<RedialCandidate> {
  for (let after: RedialCandidate | null = null; ; ) {
    const page: RedialCandidate[] = await store.redialCandidates(query, { after, limit: candidatesPerRead });
    yield* page;
    after = page.at(-1) ?? null;
    if (page.length < candidatesPerRead) return;
  }
}

/** The request without `notBefore` and `giveUpAt` if they have passed: they were about the original call. */
function withoutPast(request: PartialCallRequest): PartialCallRequest {
  const kept = { ...request };
  for (const field of ['notBefore', 'giveUpAt'] as const)
    if (Date.parse(kept[field]?.toUpperCase() ?? '') <= Date.now()) delete kept[field];
  return kept;
}
