import { z } from 'zod';
import type { RedialCandidate } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { isRfc3339 } from '../../../activities/validation/callRequestSchema.js';
import { type Fault, faultsOf, limitFaults, must } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import { mergeRow } from '../../../activities/validation/mergeRow.js';
import type { RedialQuery } from '../../../workflows/batch/batchProgress.js';
import { reachabilities } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import { hashOf, keyFaults } from '../calls/startCall.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { readJson } from '../http/jsonBody.js';
import { invalidRequest } from '../http/problem.js';
import { batchParametersSchema, defaultsSchema, faultsInDefaults } from './batchParameters.js';
import type { IncomingRow } from './loadBatch.js';
import { noSuchBatch } from './readBatch.js';
import { createBatch, requestContext } from './startBatch.js';

const timeRule = 'an RFC 3339 time with offset, such as 2026-01-31T09:00:00Z';
const time = () => z.string(must(timeRule)).refine(isRfc3339, must(timeRule)).exactOptional();
const someOf = <const T extends string>(words: readonly T[]) => {
  const right = `a list of at least one of ${words.join(', ')}`;
  return z
    .array(z.enum(words, must(`one of ${words.join(', ')}`)), must(right))
    .min(1, must(right))
    .exactOptional();
};

/** Which recorded calls; at least one of these must be given. */
const querySchema = z.strictObject({
  batch: z.string(must('a batch id')).min(1, must('a batch id')).exactOptional(),
  outcome: someOf(outcomes),
  reachability: someOf(reachabilities),
  to: z.string(must('a phone number in E.164')).regex(e164, must('a phone number in E.164')).exactOptional(),
  since: time(),
  until: time(),
});

/** The body of `POST /redials`. */
const redialSchema = z.strictObject(
  {
    ...batchParametersSchema.shape,
    ...querySchema.shape,
    overrides: defaultsSchema,
    dryRun: z.boolean(must('true or false')).exactOptional(),
  },
  must('an object that says which calls'),
);

/** What is dialed again when a query says nothing of how the calls turned out. */
const failures = ['busy', 'no-answer', 'failed', 'unknown'] as const;

const candidatesPerRead = 1000;
const sampleSize = 10;

/** `POST /redials`: a new batch of the recorded calls that a query finds. */
export function startRedial(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const key = c.req.header('Idempotency-Key');
    const parsed = redialSchema.safeParse(json.body);
    const faults: Fault[] = key === undefined ? [] : keyFaults(key);
    if (!parsed.success) {
      const names = { root: Object.keys(redialSchema.shape) };
      return invalidRequest(c, limitFaults([...faultsOf(parsed.error.issues, json.body, names), ...faults]));
    }
    const { name, window, paused, overrides = {}, dryRun = false, ...filters } = parsed.data;
    if (Object.keys(filters).length === 0)
      faults.push({
        path: '',
        message: `says nothing of which calls; at least one of ${Object.keys(querySchema.shape).join(', ')} is needed`,
      });
    const query = {
      ...(filters.outcome || filters.reachability ? {} : { outcome: [...failures] }),
      ...filters,
    };
    faults.push(...faultsInDefaults(overrides, requestContext(tools), 'overrides'));
    if (faults.length > 0) return invalidRequest(c, limitFaults(faults));
    if (query.batch !== undefined && (await tools.store.findBatch(query.batch)) === null)
      return noSuchBatch(c);

    if (dryRun) return c.json(await previewRedial(tools.store, query));
    const parameters = Object.fromEntries(
      Object.entries({ name, window, paused }).filter(([, value]) => value !== undefined),
    );
    return createBatch(tools, c, key, parameters, {
      rows: () => rowsOf(tools.store, query, overrides),
      contentHash: async () => hashOf({ redial: json.body }),
      redialOf: query,
    });
  };
}

async function previewRedial(store: OutcomeStore, query: RedialQuery) {
  let total = 0;
  let withoutRequest = 0;
  const sample: { callId: string; to: string; startedAt: string }[] = [];
  for await (const { request, ...call } of candidates(store, query)) {
    if (request === null) withoutRequest++;
    else total++;
    if (request !== null && sample.length < sampleSize) sample.push(call);
  }
  return { total, withoutRequest, sample };
}

async function* rowsOf(
  store: OutcomeStore,
  query: RedialQuery,
  overrides: PartialCallRequest,
): AsyncGenerator<IncomingRow> {
  let row = 0;
  for await (const { request } of candidates(store, query)) {
    if (request === null) continue;
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

/** Times that have passed were about the call that was. */
function withoutPast(request: PartialCallRequest): PartialCallRequest {
  const kept = { ...request };
  for (const field of ['notBefore', 'giveUpAt'] as const)
    if (Date.parse(kept[field]?.toUpperCase() ?? '') <= Date.now()) delete kept[field];
  return kept;
}
