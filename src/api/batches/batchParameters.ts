import { z } from 'zod';
import { checkCallRequest, type RequestContext } from '../../../activities/validation/callRequestSchema.js';
import { type Fault, faultsOf, isObject, must } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';

export const standardWindow = 100;
const maxWindow = 10_000;

const nameRule = 'a name of 1..200 characters';
const windowRule = `an integer 1..${maxWindow}: how many calls may run at a time`;

/** What is said of a batch as a whole, beside its calls. */
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
    .meta({ description: `At most so many of its calls run at a time; ${standardWindow} when absent.` }),
  paused: z
    .boolean(must('true or false'))
    .exactOptional()
    .meta({ description: 'Nothing is dialed before it is resumed.' }),
});

export const uniqueSchema = z.literal('to', must('to')).exactOptional().meta({
  description: '`to`: a number that comes twice is a fault.',
});

export const defaultsSchema = z
  .custom<PartialCallRequest>(isObject, must('an object with fields of a call request'))
  .exactOptional();

export interface BatchParameters {
  name?: string;
  window?: number;
  paused?: boolean;
  unique?: 'to';
  defaults?: PartialCallRequest;
}

const csvParametersSchema = batchParametersSchema.extend({
  unique: uniqueSchema,
  defaults: defaultsSchema,
  delimiter: z.enum([',', ';', 'tab'], must('one of , ; tab')).exactOptional(),
});

export type CsvParameters = BatchParameters & { delimiter?: ',' | ';' | 'tab' };

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

/** Stands for whoever is called: no caller id is this short. */
const anybody = '+10';

/**
 * What is wrong with the defaults whatever is laid over them. What they lack is for the rows to bring, so only fields that
 * are there are looked at.
 */
export function faultsInDefaults(
  defaults: PartialCallRequest | undefined,
  known: RequestContext,
  path = 'defaults',
): Fault[] {
  if (defaults === undefined) return [];
  if (Object.hasOwn(defaults, 'to'))
    return [{ path: `${path}.to`, message: 'is given; must be said by each call itself' }];
  const checked = checkCallRequest({ ...defaults, to: anybody }, known);
  if (!('faults' in checked)) return [];
  return checked.faults
    .filter((fault) => Object.hasOwn(defaults, fault.path.split('.')[0] as string))
    .map((fault) => ({ path: `${path}.${fault.path}`, message: fault.message }));
}
