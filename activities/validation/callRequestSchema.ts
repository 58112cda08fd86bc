import { z } from 'zod';
import {
  type CallAccount,
  type CallRequest,
  lookupModes,
  machineDetections,
  notifyEvents,
  type RetryPolicy,
} from '../../workflows/callRequest.js';
import { e164 } from '../../workflows/rules/phoneNumber.js';
import { parseRfc3339, rfc3339 } from '../../workflows/rules/rfc3339.js';
import { callingWindowSchema, faultsInWindow, windowFieldNames } from './callingWindowSchema.js';
import { canonicalNumber } from './canonicalNumber.js';
import { dotted, type Fault, faultsOf, isObject, limitFaults, must, show } from './fault.js';
import {
  completePolicy,
  faultsInPolicy,
  integer,
  policyFieldNames,
  retryPolicySchema,
} from './retryPolicySchema.js';
import { twilioFieldNames, twilioParametersSchema } from './twilioParametersSchema.js';
import { twimlFault } from './twimlFault.js';
import { withoutInvisible } from './withoutInvisible.js';

export { completePolicy };

/** What a request may refer to by name. */
export interface RequestContext {
  /** Retry policies by name. */
  policies: Record<string, RetryPolicy>;
  /** Caller id of requests that name none; null when there is none. */
  defaultFrom: string | null;
  /** The Twilio accounts that a request may name. Absent: not known here, so that any name passes. */
  accounts?: ReadonlyMap<string, CallAccount & { defaultFrom: string | null }> | undefined;
}

const maxMetadataBytes = 4096;
/** Of the accounts that a request may name, in a fault. */
const mostNamesShown = 20;
/** NUL and halves of surrogate pairs: PostgreSQL cannot keep them, so the outcome could never be recorded. */
const unstorable = /[\0\p{Surrogate}]/u;
/** In JSON Schema, whose patterns are read in other languages too. */
const withoutNul = '^[^\\x00]*$';
/** A string of metadata in an object of 4096 bytes. */
const maxMetadataText = maxMetadataBytes - '{"":""}'.length;

/** A phone number in E.164. Gives its one spelling, without characters that cannot be seen. */
export const phoneNumber = (example: string) => {
  const expected = 'a phone number in E.164: + and 2 to 15 digits, the first not 0, such as +15005550006';
  return z
    .string(must(expected))
    .overwrite(withoutInvisible)
    .regex(e164, { ...must(expected), abort: true })
    .overwrite(canonicalNumber)
    .meta({ example });
};

/** An absolute URL, without characters that cannot be seen: they would lead elsewhere. */
const webUrl = (expected: string) =>
  z
    .string(must(expected))
    .overwrite(withoutInvisible)
    .regex(/^https?:\/\/[^\s/?#][^\s]*$/, { ...must(expected), abort: true })
    .refine(URL.canParse, must(expected));

/** A point in time, RFC 3339. */
export const moment = () => {
  const expected = 'an RFC 3339 time with seconds and offset, such as 2026-01-31T09:00:00Z';
  return z
    .string(must(expected))
    .refine((text) => parseRfc3339(text) !== null, must(expected))
    .meta({
      format: 'date-time',
      pattern: rfc3339.source.replace('T', '[Tt]').replace('Z', '[Zz]'),
      example: '2040-01-31T09:00:00+01:00',
    });
};

/** In JSON Schema. */
const withoutCredentials = [{ pattern: '^https?://[^/?#@]*([/?#]|$)' }];
const expectedFairnessKey = 'text of 1..64 printable ASCII characters';
const expectedAccount = 'the name of a Twilio account in RINGTRUE_ACCOUNTS';
const expectedTwiml = 'TwiML of 1..4000 characters';

/** The fields of a CallRequest one by one; the rules between fields are in `checkCallRequest`. */
export const callRequestSchema = z
  .strictObject(
    {
      to: phoneNumber('+15005551200').meta({ description: 'Destination, E.164.' }),
      from: phoneNumber('+15005550006')
        .exactOptional()
        .meta({ description: 'Caller id, E.164; required when the server has no default.' }),
      account: z
        .string(must(expectedAccount))
        .exactOptional()
        .meta({ description: 'The Twilio account that places the call, by its name in RINGTRUE_ACCOUNTS.' }),
      twiml: z
        .string(must(expectedTwiml))
        .min(1, { ...must(expectedTwiml), abort: true })
        .max(4000, { ...must(expectedTwiml), abort: true })
        .refine((text) => !unstorable.test(text), {
          ...must('TwiML without NUL and half surrogate pairs'),
          abort: true,
        })
        .refine((text) => twimlFault(text) === null, {
          error: ({ input }) =>
            `${twimlFault(String(input))}; must be well-formed XML with the root element <Response>`,
        })
        .exactOptional()
        .meta({
          description: 'TwiML that the callee hears.',
          pattern: '^[^\\x00]*<Response[\\s/>][^\\x00]*$',
          example: '<Response><Say>Hello</Say></Response>',
        }),
      url: webUrl('an absolute http(s) URL that answers with TwiML')
        .exactOptional()
        .meta({ description: 'Absolute http(s) URL that answers with TwiML.', format: 'uri' }),
      applicationSid: z
        .string(must('the SID of a TwiML application, AP and 32 hex digits'))
        .regex(/^AP[0-9a-fA-F]{32}$/, must('the SID of a TwiML application, AP and 32 hex digits'))
        .exactOptional()
        .meta({
          description:
            'TwiML application. Twilio then ignores status callbacks: such calls are decided by polling.',
        }),
      ringTimeoutSeconds: integer(5, 600, ' seconds')
        .exactOptional()
        .meta({ description: 'How long the phone rings; 30 when absent.' }),
      maxDurationSeconds: integer(1, 86_400, ' seconds')
        .exactOptional()
        .meta({ description: 'How long the call may last; 3600 when absent.' }),
      machineDetection: z
        .enum(machineDetections, must(`one of ${machineDetections.join(', ')}`))
        .exactOptional()
        .meta({ description: 'Answering-machine detection; off when absent.' }),
      lookup: z
        .enum(lookupModes, must(`one of ${lookupModes.join(', ')}`))
        .exactOptional()
        .meta({ description: 'What to ask of Lookup before calling; basic when absent.' }),
      retry: z
        .union([z.string(), retryPolicySchema], must('the name of a retry policy, or a retry policy'))
        .exactOptional()
        .meta({ description: 'Name of a configured policy, or a policy; the policy `default` when absent.' }),
      callingWindow: callingWindowSchema.exactOptional(),
      urgent: z.boolean(must('true or false')).exactOptional().meta({
        description: 'true: the phone may ring at any hour of any day, whatever the calling window says.',
      }),
      notBefore: moment().exactOptional().meta({ description: 'No attempt begins earlier.' }),
      giveUpAt: moment().exactOptional().meta({ description: 'No attempt begins later.' }),
      priority: integer(1, 5, ' (1 is dialed first)')
        .exactOptional()
        .meta({ description: 'Waiting calls of a lower number are dialed first; 3 when absent.' }),
      fairnessKey: z
        .string(must(expectedFairnessKey))
        .regex(/^[\x20-\x7e]{1,64}$/, must(expectedFairnessKey))
        .exactOptional()
        .meta({
          description: 'Whose call it is: waiting calls of one priority and different keys alternate.',
          example: 'tenant-42',
        }),
      allowParallel: z
        .boolean(must('true or false'))
        .exactOptional()
        .meta({ description: 'May ring although another call to the number is in flight.' }),
      notifyUrl: webUrl('an absolute http(s) URL')
        .refine((url) => !hasCredentials(url), must('a URL without user name and password'))
        .exactOptional()
        .meta({
          description: 'The end of each attempt and the outcome are posted there, signed.',
          format: 'uri',
          allOf: withoutCredentials,
        }),
      notifyOn: z
        .array(
          z.enum(notifyEvents, must(`one of ${notifyEvents.join(', ')}`)),
          must(`a list of ${notifyEvents.join(', ')}`),
        )
        .min(1, must('a list of at least one event; leave out notifyUrl to get no notifications'))
        .refine((events) => new Set(events).size === events.length, must('a list that names each event once'))
        .exactOptional()
        .meta({ description: 'What is posted to notifyUrl; everything when absent.', uniqueItems: true }),
      eligibilityUrl: webUrl('an absolute http(s) URL')
        .refine((url) => !hasCredentials(url), must('a URL without user name and password'))
        .exactOptional()
        .meta({
          description: 'Asked, signed, just before each dialing whether the number may be called.',
          format: 'uri',
          allOf: withoutCredentials,
        }),
      metadata: z
        .record(
          z.string(),
          z.string(must('a string')).meta({ pattern: withoutNul, maxLength: maxMetadataText }),
          must('an object of strings'),
        )
        .exactOptional()
        .meta({
          description: "The client's own strings, returned everywhere; at most 4096 bytes as JSON.",
          example: { order: '4711' },
        }),
      twilio: twilioParametersSchema.exactOptional(),
    },
    must('a call request, a JSON object'),
  )
  .meta({
    id: 'CallRequest',
    description:
      'One request to reach one destination. Exactly one of `twiml`, `url` and `applicationSid` says what the callee hears.',
    oneOf: [{ required: ['twiml'] }, { required: ['url'] }, { required: ['applicationSid'] }],
    dependentRequired: { notifyOn: ['notifyUrl'] },
    example: {
      to: '+15005551200',
      from: '+15005550006',
      twiml: '<Response><Say>Your table is ready.</Say></Response>',
      retry: { maxAttempts: 3, retryOn: ['busy', 'no-answer'] },
      metadata: { order: '4711' },
    },
  });

const fieldNames = {
  ...policyFieldNames,
  root: Object.keys(callRequestSchema.shape),
  ...windowFieldNames,
  ...twilioFieldNames,
};

/**
 * Checks a CallRequest that came from outside: every fault at once, or the request with its own retry policy
 * completed. Unknown fields are faults, since a misspelt field would otherwise be ignored in silence.
 * Never throws, whatever the input.
 */
export function checkCallRequest(
  input: unknown,
  context: RequestContext,
): { request: CallRequest } | { faults: Fault[] } {
  const parsed = callRequestSchema.safeParse(input);
  const faults = [
    ...(parsed.success ? [] : faultsOf(parsed.error.issues, input, fieldNames)),
    ...(isObject(input) ? faultsBetweenFields(input, context) : []),
  ];
  if (!parsed.success || faults.length > 0) return { faults: limitFaults(faults) };
  const { retry, ...rest } = parsed.data;
  if (retry === undefined) return { request: rest };
  return { request: { ...rest, retry: typeof retry === 'string' ? retry : completePolicy(retry) } };
}

/** The fields of an input that are right by themselves, whatever is wrong with the others. */
export function validFields(input: unknown): Partial<CallRequest> {
  if (!isObject(input)) return {};
  const fields = Object.entries(callRequestSchema.shape).flatMap(([name, schema]) => {
    const parsed = Object.hasOwn(input, name) ? schema.safeParse(input[name]) : null;
    return parsed?.success ? [[name, parsed.data]] : [];
  });
  const valid: Partial<CallRequest> = Object.fromEntries(fields);
  const { callingWindow } = valid;
  if (callingWindow !== undefined && faultsInWindow({ ...callingWindow }, '').length > 0)
    delete valid.callingWindow;
  return valid;
}

/** The rules that look at more than one field, or at the server's settings; they hold whatever else is wrong. */
function faultsBetweenFields(input: Record<string, unknown>, context: RequestContext): Fault[] {
  const faults: Fault[] = [];
  const add = (path: string, message: string) => faults.push({ path, message });

  const contentFields = ['twiml', 'url', 'applicationSid'].filter((field) => input[field] !== undefined);
  if (contentFields.length !== 1)
    add(
      '',
      `names ${contentFields.length === 0 ? 'none' : contentFields.join(' and ')} of what the callee may hear; exactly one of twiml, url and applicationSid is needed`,
    );

  const account = accountFaults(input, context);
  faults.push(...account.faults);
  const from = input.from ?? account.defaultFrom;
  if (typeof from === 'string' && typeof input.to === 'string' && spelled(from) === spelled(input.to))
    add('from', `is ${show(from)}, the destination itself; must be another number`);

  if (input.notifyOn !== undefined && input.notifyUrl === undefined)
    add('notifyOn', 'needs a notifyUrl to post to; must come with one');

  if (typeof input.retry === 'string' && !Object.hasOwn(context.policies, input.retry))
    add(
      'retry',
      `is ${show(input.retry)}, but no retry policy has that name; must be one of ${Object.keys(context.policies).join(', ')}, or a policy of its own`,
    );
  if (isObject(input.retry)) faults.push(...faultsInPolicy(input.retry, 'retry.'));

  if (isObject(input.callingWindow)) faults.push(...faultsInWindow(input.callingWindow, 'callingWindow.'));

  if (isObject(input.metadata)) faults.push(...faultsInMetadata(input.metadata));
  return faults;
}

/** An account that is not the main one has its own caller IDs, and none of the main account's. */
function accountFaults(
  { account, from }: Record<string, unknown>,
  { accounts, defaultFrom }: RequestContext,
): { faults: Fault[]; defaultFrom: string | null } {
  const missing = (whose: string) => ({
    path: 'from',
    message: `is missing, and ${whose} has no default caller ID; must be a phone number in E.164`,
  });
  if (typeof account !== 'string') {
    const isMissing = account === undefined && from === undefined && defaultFrom === null;
    return { faults: isMissing ? [missing('the server')] : [], defaultFrom };
  }
  if (accounts === undefined) return { faults: [], defaultFrom: null };
  const named = accounts.get(account);
  if (named !== undefined) {
    const isMissing = from === undefined && named.defaultFrom === null;
    const whose = `account ${show(account)}`;
    return { faults: isMissing ? [missing(whose)] : [], defaultFrom: named.defaultFrom };
  }
  const names = [...accounts.keys()];
  const right =
    names.length === 0
      ? 'must be left out, since RINGTRUE_ACCOUNTS names no account'
      : `must be one of ${names.slice(0, mostNamesShown).join(', ')}${names.length > mostNamesShown ? ' …' : ''}, or left out for the main account`;
  const message = `is ${show(account)}, but no Twilio account has that name; ${right}`;
  return { faults: [{ path: 'account', message }], defaultFrom: null };
}

function spelled(number: string): string {
  return canonicalNumber(withoutInvisible(number));
}

function faultsInMetadata(metadata: Record<string, unknown>): Fault[] {
  const entries = Object.entries(metadata);
  const faults: Fault[] = entries
    .filter(([name, value]) => unstorable.test(name) || (typeof value === 'string' && unstorable.test(value)))
    .map(([name]) => ({
      path: dotted(['metadata', name]),
      message: 'holds NUL or half a surrogate pair; must be text that can be stored',
    }));
  // An own property of this name is lost whenever an object is copied.
  if (Object.hasOwn(metadata, '__proto__'))
    faults.push({ path: 'metadata.__proto__', message: 'cannot be given back; must have another name' });
  if (entries.every(([, value]) => typeof value === 'string')) {
    const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(entries)));
    if (bytes > maxMetadataBytes)
      faults.push({
        path: 'metadata',
        message: `takes ${bytes} bytes as JSON; must take at most ${maxMetadataBytes}`,
      });
  }
  return faults;
}

function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/** Compiles only while the schema and the type `CallRequest` say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = { [K in keyof T]: T[K] };
true satisfies Same<
  Plain<Omit<z.output<typeof callRequestSchema>, 'retry'>>,
  Plain<Omit<CallRequest, 'retry'>>
>;
