import { z } from 'zod';
import { type BatchResult, batchRowStates } from '../../../activities/store/batches/batchStore.js';
import {
  type BatchProgress,
  batchControlNames,
  batchStates,
} from '../../../workflows/batch/batchProgress.js';
import { callStates, deciders, reachabilities } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import { controlUses, requestedBy } from '../calls/callAnswerSchema.js';
import { nextCursor } from '../http/page.js';

const time = () => z.string().meta({ format: 'date-time' });
const count = (description: string) => z.int().min(0).meta({ description });
const orNull = z.nullable;

export const exampleBatchId = 'batch-0f8fad5b-d9cb-469f-a165-70867728950e';

export const leftOutSchema = z.object({
  by: z.enum(['unwanted', 'do-not-call']),
  message: z.string(),
  calls: z.int(),
});

export const startedBatchSchema = z
  .object({
    batchId: z.string(),
    total: z.int().meta({ description: 'Calls in the batch.' }),
    url: z.string().meta({ format: 'uri', description: 'The URL of the batch.' }),
    skipped: z
      .object({
        rows: z.int().meta({ description: 'How many rows were left out.' }),
        faults: z.array(z.looseObject({ row: z.int(), path: z.string(), message: z.string() })).meta({
          description: 'Why, by row of the request. The first ten thousand.',
        }),
        totalFaults: z.int(),
      })
      .exactOptional()
      .meta({ description: 'Only with `skipFaultyRows`, and only if a row has a fault.' }),
    leftOut: z
      .array(leftOutSchema)
      .exactOptional()
      .meta({ description: 'Only of a redial: calls that match, but must not be dialed again.' }),
  })
  .meta({
    id: 'StartedBatch',
    example: {
      batchId: exampleBatchId,
      total: 2,
      url: `https://ringtrue.example/batches/${exampleBatchId}`,
    },
  });

/** What `GET /batches/{batchId}` answers. */
export const batchProgressSchema = z
  .object({
    batchId: z.string(),
    name: orNull(z.string()),
    state: z.enum(batchStates).meta({
      description: '`ready`: stored, and no worker has begun it. `canceled` and `done` are final.',
    }),
    counts: z
      .object({
        total: count('Calls in the batch.'),
        waiting: count('Not started yet.'),
        running: count('Started, without an outcome yet.'),
        done: count('With an outcome.'),
        refused: count('No longer valid when they were due, or ended without an outcome.'),
        withdrawn: count('Never started, because the batch was canceled first.'),
        outcomes: z.partialRecord(z.enum(outcomes), z.int()).meta({ description: 'Of those done.' }),
      })
      .meta({ description: 'total = waiting + running + done + refused + withdrawn, at any moment.' }),
    window: z.int().meta({ description: 'How many of its calls may run at a time.' }),
    redialOf: orNull(
      z.object({
        batch: z.string().exactOptional(),
        outcome: z.array(z.enum(outcomes)).exactOptional(),
        reachability: z.array(z.string()).exactOptional(),
        to: z.string().exactOptional(),
        since: time().exactOptional(),
        until: time().exactOptional(),
      }),
    ).meta({ description: 'The query of a redial.' }),
    cancelReason: orNull(z.string()),
    requestedBy: requestedBy(),
    controls: controlUses(batchControlNames),
    createdAt: time(),
    endedAt: orNull(time()),
  })
  .meta({
    id: 'Batch',
    description: 'The state of a batch.',
    example: {
      batchId: exampleBatchId,
      name: 'Appointments of 2 March',
      state: 'running',
      counts: {
        total: 1000,
        waiting: 800,
        running: 100,
        done: 99,
        refused: 1,
        withdrawn: 0,
        outcomes: { answered: 70, busy: 29 },
      },
      window: 100,
      redialOf: null,
      cancelReason: null,
      requestedBy: 'web-shop',
      controls: [],
      createdAt: '2026-03-01T16:00:00.000000Z',
      endedAt: null,
    },
  });

/** One row of `GET /batches/{batchId}/results`. */
export const batchResultSchema = z
  .object({
    row: z.int().min(1),
    callId: z.string(),
    to: z.string(),
    state: z.enum(batchRowStates),
    callState: orNull(z.enum(callStates)),
    outcome: orNull(z.string()),
    reason: orNull(z.string()).meta({ description: 'The deciding error, or why the row was refused.' }),
    attempts: z.int(),
    startedAt: orNull(time()),
    endedAt: orNull(time()),
    durationSeconds: orNull(z.number()),
    answeredBy: orNull(z.string()),
    errorCode: orNull(z.int()),
    sipResponseCode: orNull(z.int()),
    from: orNull(z.string()).meta({ description: 'The caller id.' }),
    reachability: orNull(z.enum(reachabilities)),
    decidedBy: orNull(z.enum(deciders)),
    callSid: orNull(z.string()).meta({ description: 'Of the last attempt.' }),
    endedBecause: orNull(z.object({ code: z.string(), message: z.string() })).meta({
      description: 'Why there was no further attempt.',
    }),
    metadata: z.record(z.string(), z.string()),
  })
  .meta({ id: 'BatchResult', description: 'The result of one row of a batch.' });

export const batchPageSchema = z
  .object({ batches: z.array(batchProgressSchema), nextCursor: nextCursor() })
  .meta({ id: 'BatchPage' });

export const batchResultPageSchema = z
  .object({ results: z.array(batchResultSchema), nextCursor: nextCursor() })
  .meta({ id: 'BatchResultPage' });

/** Compiles only while the description and the types say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
true satisfies Same<Plain<z.output<typeof batchProgressSchema>>, Plain<BatchProgress>>;
true satisfies Same<Plain<z.output<typeof batchResultSchema>>, Plain<BatchResult>>;
