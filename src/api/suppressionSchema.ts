import { z } from 'zod';
import { moment, phoneNumber } from '../../activities/callRequestSchema.js';
import { bounded, type Fault, faultsOf, isObject, must, show } from '../../activities/fault.js';
import { suppressionSources } from '../../activities/suppressionList.js';

export const longestReason = 500;
export const reasonRight = `text of at most ${longestReason} characters`;
export const expiryRight =
  'an RFC 3339 time with seconds and offset in the future, such as 2040-01-31T09:00:00Z';

const reason = () =>
  z
    .string(must(reasonRight))
    .max(longestReason, must(reasonRight))
    .exactOptional()
    .meta({ description: 'Why, for the record.', example: 'asked us not to call' });

/** The body of `POST /suppressions`. */
export const suppressionRequestSchema = z
  .strictObject(
    {
      to: phoneNumber('+15005550006').meta({ description: 'The number that must not be called, E.164.' }),
      reason: reason(),
      expiresAt: moment().exactOptional().meta({ description: 'Until then; for good when absent.' }),
    },
    must('an object with to'),
  )
  .meta({ id: 'SuppressionRequest', description: 'A number that must not be called.' });

export const suppressionSchema = z
  .object({
    to: phoneNumber('+15005550006'),
    reason: z.string().meta({ description: 'Empty when none was given.' }),
    source: z.enum(suppressionSources).meta({ description: 'opt-out: learned from a call.' }),
    addedAt: z.string().meta({ format: 'date-time' }),
    expiresAt: z.nullable(z.string().meta({ format: 'date-time' })).meta({ description: 'Null: for good.' }),
    expired: z.boolean().meta({ description: 'True: it may be called again.' }),
  })
  .meta({ id: 'Suppression', description: 'An entry of the do-not-call list.' });

const fieldNames = { root: Object.keys(suppressionRequestSchema.shape) };

/** A body of `POST /suppressions`, or everything that is wrong with it. */
export function checkSuppression(
  input: unknown,
  now = Date.now(),
): { entry: z.output<typeof suppressionRequestSchema> } | { faults: Fault[] } {
  const parsed = suppressionRequestSchema.safeParse(input);
  const faults = parsed.success ? [] : faultsOf(parsed.error.issues, input, fieldNames);
  const until = isObject(input) ? input.expiresAt : undefined;
  if (typeof until === 'string' && Date.parse(until) <= now)
    faults.push({
      path: 'expiresAt',
      message: `is ${show(until)}, which has passed; must be ${expiryRight}`,
    });
  return parsed.success && faults.length === 0 ? { entry: parsed.data } : { faults: bounded(faults) };
}
