import { z } from 'zod';
import type { Fault } from '../../../activities/validation/fault.js';
import { faultsOf, limitFaults, must } from '../../../activities/validation/fault.js';
import { type BulkProgress, bulkActions, bulkStates } from '../../../workflows/bulk/bulkProgress.js';
import { callStates } from '../../../workflows/callOutcome.js';
import { callFilters } from '../calls/callFilters.js';
import { faultsInTexts, valuesOfTexts } from '../http/queryParameters.js';

export const exampleOperationId = 'bulk-0f8fad5b-d9cb-469f-a165-70867728950e';

const orNull = z.nullable;
const time = () => z.string().meta({ format: 'date-time' });
const countRule = 'an integer from 1: how many calls the preview has counted';
const reasonRule = 'a string of at most 500 characters';
const filterRule = 'an object of filters of GET /calls, at least one';

const filter = z.record(
  z.string(),
  z.string(must('a string, as in the query of GET /calls')),
  must(filterRule),
);

export const bulkRequestSchema = z
  .strictObject(
    {
      action: z.enum(bulkActions, must(`one of ${bulkActions.join(', ')}`)),
      filter: filter.meta({
        description: 'Filters of `GET /calls` by name, as texts. At least one. An unknown name is a fault.',
      }),
      expectedCount: z
        .int(must(countRule))
        .min(1, must(countRule))
        .exactOptional()
        .meta({ description: 'How many calls the preview has counted. Needed unless it is a dry run.' }),
      reason: z
        .string(must(reasonRule))
        .max(500, must(reasonRule))
        .exactOptional()
        .meta({ description: 'Why, for cancel and pause.' }),
    },
    must('an object with an action and a filter'),
  )
  .meta({
    id: 'BulkOperationRequest',
    example: {
      action: 'cancel',
      filter: { batch: 'batch-7', state: 'waiting' },
      expectedCount: 312,
      reason: 'the wrong announcement',
    },
  });

export interface BulkRequest extends z.output<typeof bulkRequestSchema> {
  filter: Record<string, string>;
}

/** The request, with numbers in their one spelling, or every fault in it. */
export function checkBulkRequest(
  body: unknown,
  { isDryRun }: { isDryRun: boolean },
): { request: BulkRequest } | { faults: Fault[] } {
  const parsed = bulkRequestSchema.safeParse(body);
  if (!parsed.success) {
    const names = { root: Object.keys(bulkRequestSchema.shape) };
    return { faults: limitFaults(faultsOf(parsed.error.issues, body, names)) };
  }
  const texts = Object.entries(parsed.data.filter);
  const faults = faultsInTexts(texts, callFilters).map((fault) => ({
    ...fault,
    path: `filter.${fault.path}`,
  }));
  if (texts.length === 0)
    faults.push({ path: 'filter', message: `is empty, which means every call; must be ${filterRule}` });
  if (!isDryRun && parsed.data.expectedCount === undefined)
    faults.push({
      path: 'expectedCount',
      message: `is missing; must be ${countRule} (?dryRun=true shows it)`,
    });
  if (faults.length > 0) return { faults: limitFaults(faults) };
  return { request: { ...parsed.data, filter: valuesOfTexts(texts, callFilters) as Record<string, string> } };
}

export const bulkProgressSchema = z
  .object({
    operationId: z.string(),
    action: z.enum(bulkActions),
    filter: z.record(z.string(), z.string()).meta({ description: 'As it was requested.' }),
    reason: orNull(z.string()),
    requestedBy: orNull(z.string()).meta({ description: 'The name of the token. Null without tokens.' }),
    state: z.enum(bulkStates),
    expected: z.int().meta({ description: 'How many calls the filter showed at the request.' }),
    counts: z.object({
      done: z.int().meta({ description: 'Took the action.' }),
      refused: z.int().meta({ description: 'Their state did not allow it.' }),
      failed: z.int().meta({ description: 'Did not answer, or with an error.' }),
    }),
    reasons: z
      .array(
        z.object({
          kind: z.enum(['refused', 'failed']),
          message: z.string().meta({ description: 'In the words of the calls.' }),
          calls: z.int(),
          callId: z.string().meta({ description: 'The first of these calls.' }),
        }),
      )
      .meta({ description: 'Why calls refused or failed, most calls first. At most 20.' }),
    stoppedBy: orNull(z.string()),
    createdAt: time(),
    endedAt: orNull(time()),
  })
  .meta({
    id: 'BulkOperation',
    example: {
      operationId: exampleOperationId,
      action: 'cancel',
      filter: { batch: 'batch-7', state: 'waiting' },
      reason: 'the wrong announcement',
      requestedBy: 'Ann',
      state: 'running',
      expected: 312,
      counts: { done: 50, refused: 1, failed: 0 },
      reasons: [{ kind: 'refused', message: 'The call is already over', calls: 1, callId: 'batch-7-12' }],
      stoppedBy: null,
      createdAt: '2026-01-31T09:00:00.000Z',
      endedAt: null,
    },
  });

export const bulkPreviewSchema = z
  .object({
    count: z
      .int()
      .meta({ description: 'Unfinished calls that the filter shows: those that would be controlled.' }),
    ringing: z.int().meta({ description: 'Of them, how many ring or talk now.' }),
    states: z.record(z.enum(callStates), z.int()).meta({ description: 'They by state.' }),
    over: z
      .int()
      .meta({ description: 'Calls that the filter shows and that are over. 10,000 stands for more, too.' }),
    message: z.string().meta({ description: 'What would happen, as a sentence.' }),
    sample: z
      .array(
        z.object({
          callId: z.string(),
          to: orNull(z.string()),
          state: z.enum(callStates),
          startedAt: time(),
        }),
      )
      .meta({ description: 'The three newest.' }),
  })
  .meta({ id: 'BulkPreview' });

/** Compiles only while the description and the types say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
true satisfies Same<Plain<z.output<typeof bulkProgressSchema>>, Plain<BulkProgress>>;
