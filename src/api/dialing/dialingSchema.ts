import { z } from 'zod';
import { type Fault, faultsOf, isObject, limitFaults, must } from '../../../activities/validation/fault.js';

const orNull = z.nullable;
const time = () => z.string().meta({ format: 'date-time' });

const limit = (number: z.ZodNumber, description: string) =>
  orNull(number).exactOptional().meta({ description });

const wholeNumber = (min: 0 | 1, max: number, description: string) => {
  const none = min === 0 ? ' (0: no limit)' : '';
  const right = must(`an integer ${min}..${max}${none}, or null for the configured value`);
  return limit(z.int(right).min(min, right).max(max, right), description);
};

const rate = () => {
  const right = must('a number 0.01..1000, or null for the configured value');
  const number = z.number(right).min(0.01, right).max(1000, right);
  return limit(number, 'Calls placed per second, over all workers.');
};

/** Of which account: by its name in RINGTRUE_ACCOUNTS. */
export const accountField = () =>
  z
    .string(must('the name of a Twilio account in RINGTRUE_ACCOUNTS'))
    .exactOptional()
    .meta({ description: 'A name from RINGTRUE_ACCOUNTS. Absent: the main account.' });

/** The body of `PATCH /dialing/limits`. */
export const limitsRequestSchema = z
  .strictObject(
    {
      account: accountField(),
      callsPerSecond: rate(),
      callsInFlight: wholeNumber(0, 1_000_000, 'Calls in flight at once.'),
      contactsPerNumber: wholeNumber(0, 1_000_000, 'Calls to one number within contactsPeriodSeconds.'),
      contactsPeriodSeconds: wholeNumber(1, 31_622_400, 'Set together with contactsPerNumber.'),
      callsPerNumber: wholeNumber(0, 1_000_000, 'Calls to one number in flight at once.'),
    },
    must('an object of limits'),
  )
  .meta({
    id: 'DialLimitsRequest',
    description: 'Limits to set. Null: the configured limit. Absent: no change.',
    example: { callsPerSecond: 5, callsInFlight: 20 },
  });

const limits = () =>
  z.object({
    callsPerSecond: orNull(z.number()),
    callsInFlight: orNull(z.int()),
    contactsPerNumber: orNull(z.int()),
    contactsPeriodSeconds: orNull(z.int()),
    callsPerNumber: orNull(z.int()),
  });

const dialingOfAccount = z
  .object({
    accountSid: z.string(),
    limits: limits().meta({
      description: "Limits that were set here. Null: the limit of the workers' configuration.",
    }),
    configured: orNull(limits()).meta({
      description: 'The configured limits, from the variables of the API. 0: no limit.',
    }),
    paused: orNull(
      z.object({
        since: time(),
        reason: orNull(z.string()),
        by: orNull(z.string()).meta({ description: 'The name of the token that paused it.' }),
      }),
    ).meta({
      description: 'Null: not paused.',
    }),
    breaker: z.object({
      state: z.enum(['closed', 'open', 'trying']).meta({
        description:
          'open: no call is placed, or none to the prefixes. trying: single placements test whether Twilio accepts calls again.',
      }),
      openedAt: orNull(time()),
      openUntil: orNull(time()),
      reason: orNull(z.string()),
      prefixes: orNull(z.array(z.string())).meta({
        description: 'What the numbers begin with that it holds, such as +49. Null: it holds all.',
        example: ['+49'],
      }),
    }),
    inFlight: z.int().meta({ description: 'Calls that may be in flight.' }),
    nextPlacementAt: orNull(time()).meta({
      description: 'When the rate limit allows the next placement. A time in the past means now.',
    }),
    changes: z
      .array(
        z.object({
          at: time(),
          change: z.enum(['limits', 'pause', 'resume']),
          by: orNull(z.string()).meta({ description: 'The name of the token. Null without tokens.' }),
          limits: orNull(limits().partial()).meta({ description: 'The limits that were set.' }),
        }),
      )
      .meta({ description: 'What operators changed, newest first. At most 50 entries.' }),
  })
  .meta({ id: 'DialingOfAccount', description: 'Limits, pause and circuit breaker of an account.' });

/** The answer of every route under `/dialing`. */
export const dialingSchema = dialingOfAccount
  .extend({
    accounts: z.record(z.string(), dialingOfAccount).meta({
      description: 'The same of each account in RINGTRUE_ACCOUNTS, by its name.',
    }),
  })
  .meta({
    id: 'Dialing',
    description: 'Limits, pause and circuit breaker: of the main account, and of each other one.',
  });

export type DialingAnswer = z.output<typeof dialingSchema>;
export type DialingOfAccount = z.output<typeof dialingOfAccount>;

const fieldNames = { root: Object.keys(limitsRequestSchema.shape) };
const pair = ['contactsPerNumber', 'contactsPeriodSeconds'] as const;

/** The body of `PATCH /dialing/limits`, or every fault in it. */
export function checkLimits(
  input: unknown,
): { limits: z.output<typeof limitsRequestSchema> } | { faults: Fault[] } {
  const parsed = limitsRequestSchema.safeParse(input);
  const faults = parsed.success ? [] : faultsOf(parsed.error.issues, input, fieldNames);
  if (isObject(input)) faults.push(...faultsInPair(input));
  return parsed.success && faults.length === 0 ? { limits: parsed.data } : { faults: limitFaults(faults) };
}

/** One without the other would be combined with a value that each worker configures for itself. */
function faultsInPair(input: Record<string, unknown>): Fault[] {
  return pair.flatMap((name, index) => {
    const other = pair[1 - index] as string;
    if (input[other] === undefined) return [];
    if (input[name] === undefined)
      return [{ path: name, message: `is missing; must be set together with ${other}` }];
    if (input[name] === null && input[other] !== null)
      return [{ path: name, message: `is null, and ${other} is not; set both, or make both null` }];
    return [];
  });
}
