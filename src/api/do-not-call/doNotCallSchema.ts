import { z } from 'zod';
import { doNotCallSources } from '../../../activities/store/do-not-call/doNotCallList.js';
import { moment, phoneNumber } from '../../../activities/validation/callRequestSchema.js';
import {
  type Fault,
  faultsOf,
  isObject,
  limitFaults,
  must,
  show,
} from '../../../activities/validation/fault.js';
import { nextCursor } from '../http/page.js';

export const longestReason = 500;
export const reasonRule = `text of at most ${longestReason} characters`;
export const expiryRule =
  'an RFC 3339 time with seconds and offset in the future, such as 2040-01-31T09:00:00Z';

const reason = () =>
  z
    .string(must(reasonRule))
    .max(longestReason, must(reasonRule))
    .exactOptional()
    .meta({ description: 'Why, for the record.', example: 'asked us not to call' });

/** The body of `POST /do-not-call`. */
export const doNotCallRequestSchema = z
  .strictObject(
    {
      to: phoneNumber('+15005550006').meta({ description: 'The number that must not be called, E.164.' }),
      reason: reason(),
      expiresAt: moment().exactOptional().meta({ description: 'When the entry expires. Absent: never.' }),
    },
    must('an object with to'),
  )
  .meta({ id: 'DoNotCallRequest', description: 'A number that must not be called.' });

export const doNotCallEntrySchema = z
  .object({
    to: phoneNumber('+15005550006'),
    reason: z.string().meta({ description: 'Empty if none was given.' }),
    source: z
      .enum(doNotCallSources)
      .meta({ description: 'opt-out: the callee refused further calls during a call.' }),
    addedBy: z
      .nullable(z.string())
      .meta({ description: 'The name of the token of the client. Null without tokens, and of an opt-out.' }),
    addedAt: z.string().meta({ format: 'date-time' }),
    expiresAt: z.nullable(z.string().meta({ format: 'date-time' })).meta({ description: 'Null: never.' }),
    expired: z.boolean().meta({ description: 'True: the number may be called again.' }),
  })
  .meta({ id: 'DoNotCallEntry', description: 'An entry of the do-not-call list.' });

export const doNotCallPageSchema = z
  .object({
    entries: z.array(doNotCallEntrySchema),
    nextCursor: nextCursor(),
  })
  .meta({ id: 'DoNotCallPage', example: { entries: [], nextCursor: null } });

export const doNotCallRemovalPageSchema = z
  .object({
    removals: z.array(
      z.object({
        to: phoneNumber('+15005550006'),
        removedAt: z.string().meta({ format: 'date-time' }),
        removedBy: z
          .nullable(z.string())
          .meta({ description: 'The name of the token of the client. Null if the API has no tokens.' }),
        reason: z.string().meta({ description: 'Of the entry that was removed.' }),
        source: z.enum(doNotCallSources),
        addedBy: z.nullable(z.string()),
        addedAt: z.string().meta({ format: 'date-time' }),
      }),
    ),
    nextCursor: nextCursor(),
  })
  .meta({ id: 'DoNotCallRemovalPage', example: { removals: [], nextCursor: null } });

export const doNotCallImportSchema = z
  .object({
    rows: z.int().min(0).meta({ description: 'Rows of the list, without header and empty rows.' }),
    added: z.int().min(0).meta({ description: 'Numbers that were not on the list before.' }),
  })
  .meta({ id: 'DoNotCallImport', example: { rows: 1000, added: 980 } });

const fieldNames = { root: Object.keys(doNotCallRequestSchema.shape) };

/** The body of `POST /do-not-call`, or every fault in it. */
export function checkDoNotCallRequest(
  input: unknown,
  now = Date.now(),
): { entry: z.output<typeof doNotCallRequestSchema> } | { faults: Fault[] } {
  const parsed = doNotCallRequestSchema.safeParse(input);
  const faults = parsed.success ? [] : faultsOf(parsed.error.issues, input, fieldNames);
  const until = isObject(input) ? input.expiresAt : undefined;
  if (typeof until === 'string' && Date.parse(until) <= now)
    faults.push({
      path: 'expiresAt',
      message: `is ${show(until)}, which has passed; must be ${expiryRule}`,
    });
  return parsed.success && faults.length === 0 ? { entry: parsed.data } : { faults: limitFaults(faults) };
}
