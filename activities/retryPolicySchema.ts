import { z } from 'zod';
import type { Outcome, RetryPolicy } from '../workflows/callRequest.js';
import { bounded, type Fault, faultsOf, isObject, must } from './fault.js';

/** A retry policy as a request may write it: everything but `maxAttempts` has a default. */
export type PolicyRequest = Pick<RetryPolicy, 'maxAttempts'> & Partial<RetryPolicy>;

/** Outcomes after which a number can be dialled again; the others are never retried. */
export const retriableOutcomes = [
  'busy',
  'no-answer',
  'failed',
  'rejected',
  'unknown',
] as const satisfies Outcome[];

/** 366 days: longer waits between two attempts are taken for mistakes. */
const longestWaitSeconds = 31_622_400;
const seconds = (right = `a number of seconds, 0..${longestWaitSeconds}`) =>
  z.number(must(right)).min(0, must(right)).max(longestWaitSeconds, must(right));

/** A whole number within limits; `unit` ends the sentence that says what is right. */
export const integer = (least: number, most: number, unit: string) => {
  const right = `an integer ${least}..${most}${unit}`;
  return z.int(must(right)).min(least, must(right)).max(most, must(right));
};

const retriable = () => z.enum(retriableOutcomes, must(`one of ${retriableOutcomes.join(', ')}`));

const waits = () => {
  const right = 'a list of one or more waits in seconds';
  return z.array(seconds(), must(right)).min(1, must(right)).exactOptional();
};

/** When the number is dialled again, as a request or a policy file writes it. */
export const retryPolicySchema = z
  .strictObject(
    {
      maxAttempts: integer(1, 100, ', the first attempt included').meta({
        description: 'Counts the first attempt.',
      }),
      retryOn: z
        .array(retriable(), must(`a list of outcomes out of ${retriableOutcomes.join(', ')}`))
        .exactOptional()
        .meta({
          description:
            'Outcomes after which the number is dialled again; by default busy, no-answer, failed.',
        }),
      initialIntervalSeconds: seconds()
        .exactOptional()
        .meta({ description: 'Wait before the second attempt; 300 when absent.' }),
      backoffCoefficient: z
        .number(must('a number 1..100'))
        .min(1, must('a number 1..100'))
        .max(100, must('a number 1..100'))
        .exactOptional()
        .meta({ description: 'Growth of the wait from attempt to attempt; 1, the default, keeps it.' }),
      maximumIntervalSeconds: seconds().exactOptional().meta({
        description: 'The wait never grows beyond; 3600, or the first wait if longer, when absent.',
      }),
      intervals: z
        .strictObject(
          Object.fromEntries(retriableOutcomes.map((outcome) => [outcome, waits()])) as Record<
            (typeof retriableOutcomes)[number],
            ReturnType<typeof waits>
          >,
          must('an object of lists of seconds, by outcome'),
        )
        .exactOptional()
        .meta({
          description:
            'Per outcome the waits before the 2nd, 3rd … attempt, in seconds; the last one repeats. Goes before the interval above.',
        }),
    },
    must('a retry policy, an object with maxAttempts'),
  )
  .meta({
    id: 'RetryPolicy',
    description: 'When the number is dialled again.',
    example: { maxAttempts: 3, retryOn: ['busy', 'no-answer'], initialIntervalSeconds: 300 },
  });

export const policyFieldNames = {
  retry: Object.keys(retryPolicySchema.shape),
  intervals: retriableOutcomes as readonly string[],
};

/** Checks one retry policy by itself, such as an entry of the policy file. Every fault at once; never throws. */
export function checkRetryPolicy(input: unknown): { policy: RetryPolicy } | { faults: Fault[] } {
  const parsed = retryPolicySchema.safeParse(input);
  const faults = [
    ...(parsed.success
      ? []
      : faultsOf(parsed.error.issues, input, { ...policyFieldNames, root: policyFieldNames.retry })),
    ...(isObject(input) ? faultsInPolicy(input, '') : []),
  ];
  if (!parsed.success || faults.length > 0) return { faults: bounded(faults) };
  return { policy: completePolicy(parsed.data) };
}

/** The policy with every default filled in. */
export function completePolicy(policy: PolicyRequest): RetryPolicy {
  const initialIntervalSeconds =
    policy.initialIntervalSeconds ?? Math.min(300, policy.maximumIntervalSeconds ?? 300);
  return {
    retryOn: ['busy', 'no-answer', 'failed'],
    backoffCoefficient: 1,
    maximumIntervalSeconds: Math.max(3600, initialIntervalSeconds),
    ...policy,
    initialIntervalSeconds,
  };
}

/** The rules between the fields of a policy. */
export function faultsInPolicy(policy: Record<string, unknown>, prefix: string): Fault[] {
  const { initialIntervalSeconds: initial, maximumIntervalSeconds: maximum } = policy;
  return typeof initial === 'number' && typeof maximum === 'number' && maximum < initial
    ? [
        {
          path: `${prefix}maximumIntervalSeconds`,
          message: `is ${maximum}, below initialIntervalSeconds (${initial}); must not be below it`,
        },
      ]
    : [];
}

/** Compiles only while the schema fits the type. */
true satisfies z.output<typeof retryPolicySchema> extends PolicyRequest ? true : false;
