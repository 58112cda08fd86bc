import { z } from 'zod';
import { checkCallRequest, type RequestContext } from '../../../activities/validation/callRequestSchema.js';
import { type Fault, faultsOf, isObject, must } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import type { Parameter } from '../http/route.js';

export const standardWindow = 100;
const maxWindow = 10_000;

const nameRule = 'a name of 1..200 characters';
const windowRule = `an integer 1..${maxWindow}: how many calls may run at a time`;

/** Fields of a batch as a whole. */
export const batchParametersSchema = z.strictObject({
  name: z
    .string(must(nameRule))
    .regex(/^[^\0\p{Surrogate}]{1,200}$/u, must(nameRule))
    .exactOptional()
    .meta({ description: 'For people.', example: 'Appointments of 2 March' }),
  window: z
    .int(must(windowRule))
    .min(1, must(windowRule))
    .max(maxWindow, must(windowRule))
    .exactOptional()
    .meta({ description: 'How many of its calls may run at a time.', default: standardWindow }),
  paused: z
    .boolean(must('true or false'))
    .exactOptional()
    .meta({ description: 'No call is started until the batch is resumed.' }),
});

export const uniqueSchema = z.literal('to', must('to')).exactOptional().meta({
  description: '`to`: a number in two rows is a fault.',
});

export const skipFaultyRowsSchema = z
  .boolean(must('true or false'))
  .exactOptional()
  .meta({ description: 'true: leaves out rows with faults, and names them in `skipped`.' });

export const dryRunSchema = z.boolean(must('true or false')).exactOptional().meta({
  description:
    'true: starts and stores nothing, and counts what would become of the calls. The Idempotency-Key stays free.',
});

export const defaultsSchema = z
  .custom<PartialCallRequest>(isObject, must('an object with fields of a call request'))
  .exactOptional()
  .meta({
    type: 'object',
    description: 'Fields of a CallRequest except `to`, for every call whose row does not set them.',
    example: { twiml: '<Response><Say>Your table is ready.</Say></Response>', retry: 'standard' },
  });

export interface BatchParameters {
  name?: string;
  window?: number;
  paused?: boolean;
  unique?: 'to';
  skipFaultyRows?: boolean;
  defaults?: PartialCallRequest;
  dryRun?: boolean;
}

const csvParametersSchema = batchParametersSchema.extend({
  unique: uniqueSchema,
  skipFaultyRows: skipFaultyRowsSchema,
  dryRun: dryRunSchema,
  defaults: defaultsSchema,
  delimiter: z
    .enum([',', ';', '|', 'tab'], must('one of , ; | tab'))
    .exactOptional()
    .meta({ description: 'What separates cells. Absent: what the first line has most often.' }),
});

export type CsvParameters = BatchParameters & { delimiter?: ',' | ';' | '|' | 'tab' };

export const csvQueryParameters: Parameter[] = Object.entries(csvParametersSchema.shape).map(
  ([name, schema]) => ({
    name,
    in: 'query',
    description: `${schema.meta()?.description ?? ''}${name === 'dryRun' ? '' : ' Only with CSV.'}`,
    // Objects are written as JSON.
    schema: name === 'defaults' ? { type: 'string' } : schema,
  }),
);

/** The query of `POST /batches` with a CSV body. */
export function csvParameters(
  query: URLSearchParams,
  known: RequestContext,
): { parameters: CsvParameters } | { faults: Fault[] } {
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [name, text] of query) {
    if (Object.hasOwn(values, name)) faults.push({ path: name, message: 'comes twice; must come once' });
    Object.assign(values, { [name]: name === 'name' ? text : parsedValue(text) });
  }
  const parsed = csvParametersSchema.safeParse(values);
  const names = { root: Object.keys(csvParametersSchema.shape) };
  if (!parsed.success) faults.push(...faultsOf(parsed.error.issues, values, names));
  else faults.push(...faultsInDefaults(parsed.data.defaults, known));
  return faults.length > 0 || !parsed.success ? { faults } : { parameters: parsed.data };
}

/** Numbers, `true`, `false` and objects are written as JSON; anything else is text. */
function parsedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Stands for the destination of any row. No caller id is this short. */
const anyDestination = '+10';

/** Faults in the fields of the defaults. Missing fields are no faults, because rows may bring them. */
export function faultsInDefaults(
  defaults: PartialCallRequest | undefined,
  known: RequestContext,
  path = 'defaults',
): Fault[] {
  if (defaults === undefined) return [];
  if (Object.hasOwn(defaults, 'to'))
    return [{ path: `${path}.to`, message: 'is given; each call must have its own' }];
  const checked = checkCallRequest({ ...defaults, to: anyDestination }, known);
  if (!('faults' in checked)) return [];
  return checked.faults
    .filter((fault) => Object.hasOwn(defaults, fault.path.split('.')[0] as string))
    .map((fault) => ({ path: `${path}.${fault.path}`, message: fault.message }));
}
