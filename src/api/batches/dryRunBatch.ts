import { z } from 'zod';
import { type CallPreview, previewCalls } from '../../../activities/place-call/previewCalls.js';
import { checkCallRequest } from '../../../activities/validation/callRequestSchema.js';
import { mergeRow, type PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import type { CallPlan } from '../../../workflows/callRequest.js';
import {
  delayedEntry,
  forbiddenEntry,
  planFor,
  previewDeps,
  uncheckedOf,
  uncheckedSchema,
} from '../calls/dryRun.js';
import type { ApiTools } from '../http/apiDependencies.js';
import { type BatchContext, checkRows, type IncomingRow, type RowFault } from './loadBatch.js';

const countSchema = z.array(
  z.object({
    by: z.string().meta({ description: 'The rule.', example: 'do-not-call' }),
    calls: z.int(),
    message: z.string().meta({ description: 'A sentence for people, of the first of these calls.' }),
  }),
);

export const dryRunBatchSchema = z
  .object({
    total: z.int().meta({ description: 'Rows.' }),
    faultyRows: z.int().meta({ description: 'Rows with faults. Only without them would the batch start.' }),
    faults: z
      .array(
        z.object({
          row: z.int(),
          line: z.int().exactOptional(),
          column: z.nullable(z.string()),
          path: z.string(),
          message: z.string(),
        }),
      )
      .meta({ description: 'The first ten thousand faults.' }),
    totalFaults: z.int(),
    forbidden: z.int().meta({ description: 'Calls that would not be dialed.' }),
    delayed: z.int().meta({ description: 'Calls that would be dialed, but not at once.' }),
    forbiddenBy: countSchema,
    delayedBy: countSchema,
    unchecked: uncheckedSchema,
  })
  .meta({ id: 'BatchDryRun' });

/** Rows that the store is asked about at a time. */
const previewedAtOnce = 500;

/**
 * Checks every row, and counts what would become of the calls if the batch were started now. Each call is looked
 * at by itself: what the calls of the batch mean for each other is not foreseen.
 */
export async function dryRunBatch(
  tools: ApiTools,
  known: BatchContext,
  rows: AsyncIterable<IncomingRow>,
  { defaults, unique }: { defaults: PartialCallRequest; unique: boolean },
): Promise<{ preview: z.output<typeof dryRunBatchSchema> } | { faults: RowFault[]; totalFaults: number }> {
  const forbiddenBy = new RuleCounts();
  const delayedBy = new RuleCounts();
  const unchecked = new Map<string, ReturnType<typeof uncheckedOf>[number]>();
  let forbidden = 0;
  let delayed = 0;
  const count = (preview: CallPreview) => {
    if (preview.forbidden.length > 0) forbidden++;
    else if (preview.hindrances.length > 0) delayed++;
    forbiddenBy.add(preview.forbidden.map(forbiddenEntry));
    delayedBy.add(preview.hindrances.map(delayedEntry));
  };
  const options = { defaults, unique, skipFaultyRows: true };
  const checked = await checkRows(known, rows, options, async (_first, requests) => {
    for (let from = 0; from < requests.length; from += previewedAtOnce) {
      const plans = requests.slice(from, from + previewedAtOnce).map(planOfRow);
      for (const entry of uncheckedOf(tools, plans)) unchecked.set(entry.by, entry);
      for (const preview of await previewCalls(previewDeps(tools), plans)) count(preview);
    }
  });
  const { faults, skipped, skippedRows, total } = checked;
  // Faults of the file as a whole: the rest of it is no batch.
  if (faults.total > 0) return { faults: faults.first, totalFaults: faults.total };
  const preview = {
    total,
    faultyRows: skippedRows,
    faults: skipped.first,
    totalFaults: skipped.total,
    forbidden,
    delayed,
    forbiddenBy: forbiddenBy.all(),
    delayedBy: delayedBy.all(),
    unchecked: [...unchecked.values()],
  };
  return { preview };

  function planOfRow(row: PartialCallRequest): CallPlan {
    const request = checkCallRequest(mergeRow(defaults, row), known);
    if ('faults' in request) throw new Error('A row that was right has faults now.');
    return planFor(tools, request.request);
  }
}

/** Counts calls by rule. */
class RuleCounts {
  readonly #rules = new Map<string, { calls: number; message: string }>();

  add(entries: { by: string; message: string }[]): void {
    for (const { by, message } of entries) {
      const rule = this.#rules.get(by);
      this.#rules.set(by, { calls: (rule?.calls ?? 0) + 1, message: rule?.message ?? message });
    }
  }

  all() {
    return [...this.#rules].map(([by, rule]) => ({ by, ...rule }));
  }
}
