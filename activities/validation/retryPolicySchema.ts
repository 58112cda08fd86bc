import { z } from 'zod';
import type {
  BackOff,
  BackOffRequest,
  RetryClass,
  RetryPolicy,
  RetryPolicyRequest,
} from '../../workflows/callRequest.js';
import { sipUnwantedCode } from '../../workflows/rules/sipResponse.js';
import { codesOf } from '../../workflows/rules/twilioRefusal.js';
import { dotted, type Fault, faultsOf, isObject, limitFaults, must, show } from './fault.js';

/**
 * The classes that a policy may name, besides SIP and error codes. Any other end of an attempt is never
 * dialed again.
 */
const classNames = [
  'busy',
  'no-answer',
  'failed',
  'rejected',
  'unknown',
  'answered-by-machine',
  'unreachable',
] as const satisfies RetryClass[];

/** The callee's opt-out, and the codes that say that there is no such number. */
const neverRetriedClasses = [
  `sip:${sipUnwantedCode}`,
  ...codesOf('invalid-number').map((code) => `error:${code}`),
];

const expectedClasses = `${classNames.join(', ')}, sip:CODE such as sip:480, error:CODE such as error:32005`;

/** 366 days: longer waits between two attempts are taken for mistakes. */
const maxWaitSeconds = 31_622_400;
const seconds = (expected = `a number of seconds, 0..${maxWaitSeconds}`) =>
  z.number(must(expected)).min(0, must(expected)).max(maxWaitSeconds, must(expected));

/** A whole number within limits; `unit` ends the sentence that says what is right. */
export const integer = (min: number, max: number, unit: string) => {
  const expected = `an integer ${min}..${max}${unit}`;
  return z.int(must(expected)).min(min, must(expected)).max(max, must(expected));
};

const classText = z
  .string(must(`one of ${expectedClasses}`))
  .regex(
    new RegExp(`^(${classNames.join('|')}|sip:[1-6]\\d\\d|error:[1-9]\\d{3,5})$`),
    must(`one of ${expectedClasses}`),
  )
  .meta({
    id: 'RetryClass',
    description:
      'How an attempt ended: an outcome, or more finely answered-by-machine, unreachable, a SIP response code or an error code of Twilio.',
    examples: ['busy', 'answered-by-machine', 'sip:480', 'error:32005'],
  });

/** The pattern knows more than a type can say of a number in a string. */
const retryClass = classText as unknown as z.ZodType<RetryClass, RetryClass>;

const classes = () => z.array(retryClass, must(`a list of classes out of ${expectedClasses}`));

/** For each class a value; zod's own type for this wants every class to be there. */
const byClass = <T extends z.ZodType>(value: T, expected: string) =>
  z.record(classText, value, must(expected)) as unknown as z.ZodType<
    Partial<Record<RetryClass, z.output<T>>>,
    Partial<Record<RetryClass, z.input<T>>>
  >;

const waits = () => {
  const expected = 'a list of one or more waits in seconds';
  return z.array(seconds(), must(expected)).min(1, must(expected));
};

const coefficient = () =>
  z.number(must('a number 1..100')).min(1, must('a number 1..100')).max(100, must('a number 1..100'));

const backOff = () =>
  z.strictObject(
    {
      initialIntervalSeconds: seconds(),
      backoffCoefficient: coefficient().exactOptional(),
      maximumIntervalSeconds: seconds().exactOptional(),
    },
    must('a back-off, an object with initialIntervalSeconds'),
  );

const jitterShare = () => {
  const expected = 'a number 0..1: the part by which a wait may be shorter or longer';
  return z.number(must(expected)).min(0, must(expected)).max(1, must(expected));
};

/** When the number is dialed again, as a request or a policy file writes it. */
export const retryPolicySchema = z
  .strictObject(
    {
      maxAttempts: integer(1, 100, ', the first attempt included').meta({
        description: 'Counts the first attempt.',
      }),
      retryOn: classes()
        .exactOptional()
        .meta({
          allOf: [{ items: { not: { enum: neverRetriedClasses } } }],
          description:
            'Classes after which the number is dialed again: outcomes and finer ones; by default busy, no-answer, failed.',
          examples: [['busy', 'no-answer', 'answered-by-machine', 'sip:503', 'error:32005']],
        }),
      neverOn: classes().exactOptional().meta({
        description: 'Classes after which it is not, whatever retryOn names.',
      }),
      initialIntervalSeconds: seconds()
        .exactOptional()
        .meta({ description: 'Wait before the second attempt; 300 when absent.' }),
      backoffCoefficient: coefficient().exactOptional().meta({
        description: 'Growth of the wait from attempt to attempt; 1, the default, keeps it.',
      }),
      maximumIntervalSeconds: seconds().exactOptional().meta({
        description: 'The wait never grows beyond; 3600, or the first wait if longer, when absent.',
      }),
      intervals: byClass(waits(), 'an object of lists of seconds, by class').exactOptional().meta({
        description:
          'Per class the waits before the 2nd, 3rd … attempt, in seconds; the last one repeats. The most specific class of a result decides. Takes precedence over any back-off.',
      }),
      backoff: byClass(backOff(), 'an object of back-offs, by class').exactOptional().meta({
        description:
          "Per class a back-off of its own; what it leaves out is the policy's. The most specific class of a result decides.",
      }),
      jitter: jitterShare().exactOptional().meta({
        description:
          'The wait is drawn evenly between so much less and so much more of it, 0.2 for 20 %; a back-off never above its maximum. 0 when absent.',
      }),
      giveUpAfterSeconds: z
        .nullable(integer(1, maxWaitSeconds, ' seconds'))
        .exactOptional()
        .meta({
          description:
            "Null or absent: no limit. No attempt begins later than this after the call's start, or after notBefore if later; giveUpAt counts if earlier.",
        }),
    },
    must('a retry policy, an object with maxAttempts'),
  )
  .meta({
    id: 'RetryPolicy',
    description: 'When the number is dialed again.',
    example: { maxAttempts: 3, retryOn: ['busy', 'no-answer'], initialIntervalSeconds: 300 },
  });

export const policyFieldNames = {
  retry: Object.keys(retryPolicySchema.shape),
  intervals: [expectedClasses],
  backoff: [expectedClasses],
  'backoff.*': Object.keys(backOff().shape),
};

/**
 * Checks one retry policy by itself, such as an entry of the policy file. Every fault at once; never throws.
 */
export function checkRetryPolicy(input: unknown): { policy: RetryPolicy } | { faults: Fault[] } {
  const parsed = retryPolicySchema.safeParse(input);
  const faults = [
    ...(parsed.success
      ? []
      : faultsOf(parsed.error.issues, input, { ...policyFieldNames, root: policyFieldNames.retry })),
    ...(isObject(input) ? faultsInPolicy(input, '') : []),
  ];
  if (!parsed.success || faults.length > 0) return { faults: limitFaults(faults) };
  return { policy: completePolicy(parsed.data) };
}

/** The policy with every default filled in. */
export function completePolicy({ backoff, ...policy }: RetryPolicyRequest): RetryPolicy {
  const initialIntervalSeconds =
    policy.initialIntervalSeconds ?? Math.min(300, policy.maximumIntervalSeconds ?? 300);
  const complete = {
    retryOn: ['busy', 'no-answer', 'failed'] satisfies RetryClass[],
    neverOn: [],
    intervals: {},
    backoffCoefficient: 1,
    maximumIntervalSeconds: Math.max(3600, initialIntervalSeconds),
    jitter: 0,
    giveUpAfterSeconds: null,
    ...policy,
    initialIntervalSeconds,
  };
  const completed = Object.entries((backoff ?? {}) as Record<string, BackOffRequest>).map(
    ([name, own]) => [name, completeBackOff(own, complete)] as const,
  );
  return { ...complete, backoff: Object.fromEntries(completed) };
}

/** A first wait above the policy's own ceiling lifts it. */
function completeBackOff(own: BackOffRequest, policy: BackOff): BackOff {
  const { backoffCoefficient, maximumIntervalSeconds } = policy;
  return {
    backoffCoefficient,
    maximumIntervalSeconds: Math.max(maximumIntervalSeconds, own.initialIntervalSeconds),
    ...own,
  };
}

/** The rules between the fields of a policy; they hold whatever else is wrong. */
export function faultsInPolicy(policy: Record<string, unknown>, prefix: string): Fault[] {
  const { retryOn, neverOn, intervals, backoff } = policy;
  const retriedClasses = new Set(listOf(retryOn));
  return [
    ...ceilingFaults(policy, prefix),
    ...protoKeyFaults('intervals', intervals, prefix),
    ...protoKeyFaults('backoff', backoff, prefix),
    ...Object.entries(mapOf(backoff)).flatMap(([name, own]) => [
      ...ceilingFaults(mapOf(own), `${dotted([`${prefix}backoff`, name])}.`),
      ...(Object.hasOwn(mapOf(intervals), name)
        ? [
            {
              path: dotted([`${prefix}backoff`, name]),
              message: 'has a list in intervals too; must be in one',
            },
          ]
        : []),
    ]),
    ...faultsAt(
      `${prefix}retryOn`,
      retryOn,
      (item) => (neverRetriedClasses as unknown[]).includes(item),
      'after which no policy dials again; must be left out',
    ),
    ...faultsAt(
      `${prefix}neverOn`,
      neverOn,
      (item) => retriedClasses.has(item),
      'which retryOn names too; must be in one',
    ),
  ];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function mapOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** The one key that a record of zod's passes over in silence. */
function protoKeyFaults(field: string, map: unknown, prefix: string): Fault[] {
  return Object.hasOwn(mapOf(map), '__proto__')
    ? [{ path: `${prefix}${field}.__proto__`, message: `is unknown; must be one of ${expectedClasses}` }]
    : [];
}

function ceilingFaults(backOff: Record<string, unknown>, prefix: string): Fault[] {
  const { initialIntervalSeconds: initial, maximumIntervalSeconds: maximum } = backOff;
  return typeof initial === 'number' && typeof maximum === 'number' && maximum < initial
    ? [
        {
          path: `${prefix}maximumIntervalSeconds`,
          message: `is ${maximum}, below initialIntervalSeconds (${initial}); must not be below it`,
        },
      ]
    : [];
}

function faultsAt(
  path: string,
  list: unknown,
  isWrong: (item: unknown) => boolean,
  message: string,
): Fault[] {
  return listOf(list).flatMap((one, index) =>
    isWrong(one) ? [{ path: `${path}.${index}`, message: `is ${show(one)}, ${message}` }] : [],
  );
}

/** Compiles only while the schema fits the type. */
true satisfies z.output<typeof retryPolicySchema> extends RetryPolicyRequest ? true : false;
