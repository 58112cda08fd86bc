import { z } from 'zod';
import { readDestinations } from '../../activities/destinations/readDestinations.js';
import { checkCallingWindow } from '../../activities/validation/callingWindowSchema.js';
import { canonicalNumber } from '../../activities/validation/canonicalNumber.js';
import { must, show } from '../../activities/validation/fault.js';
import { withoutInvisible } from '../../activities/validation/withoutInvisible.js';
import { isNotifySecret } from '../../activities/webhooks/notifySecret.js';
import { e164 } from '../../workflows/rules/phoneNumber.js';
import { progressModes } from '../../workflows/rules/twilioStatus.js';
import { readEncryptionKeys } from '../encryption/encryptionKeys.js';
import { readApiTokens } from './apiTokens.js';
import { parseDatabaseUrl } from './databaseUrl.js';
import { nearestName } from './nearestName.js';

/** A fault that does not repeat the value. */
const mustSecretly = (right: string) => ({ error: () => `is set, but not right; must be ${right}` });

const wholeNumber = (least: number, most: number, unit = '') => {
  const right = `a whole number ${least}..${most}${unit}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, must(right))
    .refine((digits) => Number(digits) >= least && Number(digits) <= most, must(right))
    .transform(Number);
};

/** `3/86400`: three within a day. */
const contacts = () => {
  const right = 'calls/seconds, 1..1000 calls within 1..31622400 seconds, such as 3/86400';
  const read = (text: string) => {
    const [count = 0, seconds = 0] = text.split('/').map(Number);
    return { count, seconds };
  };
  const isRight = (text: string) => {
    const { count, seconds } = read(text);
    return count >= 1 && count <= 1000 && seconds >= 1 && seconds <= 31_622_400;
  };
  return z
    .string()
    .regex(/^\d{1,4}\/\d{1,8}$/, { ...must(right), abort: true })
    .refine(isRight, must(right))
    .transform(read);
};

const port = () => wholeNumber(0, 65_535, ' (0: any free port)');

/**
 * An http(s) URL without query and credentials. The result has no fragment and no slash at its end, so that
 * paths can be appended.
 */
const baseUrl = (right: string) =>
  z
    .string()
    .refine(isBaseUrl, {
      // It may name a password.
      error: (issue) => (String(issue.input).includes('@') ? mustSecretly(right) : must(right)).error(issue),
    })
    .transform((text) => {
      const { origin, pathname } = new URL(text);
      return `${origin}${pathname.replace(/\/+$/, '')}`;
    });

function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { username, password, search } = new URL(text);
  return username === '' && password === '' && search === '';
}

const sid = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`), must(`${what}: ${prefix} and 32 hex digits`));

/** A part of a host name of Twilio. */
const location = (right: string) => z.string().regex(/^[a-z0-9-]+$/, must(right));

/** Without quotes: half a pair is left over from an environment file, and the secret would be wrong. */
const secret = (right: string) => z.string().regex(/^(?!["'`])[\x21-\x7e]*(?<!["'`])$/, mustSecretly(right));

const apiTokens = () =>
  z.string().transform((text, { addIssue }) => {
    const read = readApiTokens(text);
    if ('tokens' in read) return read.tokens;
    for (const message of read.faults) addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const encryptionKeys = () =>
  z.string().transform((text, { addIssue }) => {
    const read = readEncryptionKeys(text);
    if ('keys' in read) return read.keys;
    for (const message of read.faults) addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** As browsers send them: without a path. */
const origins = () => {
  const isOrigin = (text: string) =>
    /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
  const right = "origins of Temporal's UI, separated by commas, such as https://temporal.example.com";
  return z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .refine((list) => list.every(isOrigin), must(right));
};

const notifySecrets = () =>
  z
    .string()
    .transform((text) => text.split(',').map((secret) => secret.trim()))
    .refine(
      (secrets) => secrets.every(isNotifySecret),
      mustSecretly('signing secrets, separated by commas: whsec_ and 24 to 64 bytes in base64 each'),
    );

const callingWindow = () =>
  z.string().transform((text, { addIssue }) => {
    const checked = isJson(text) ? checkCallingWindow(JSON.parse(text)) : { faults: [notJson(text)] };
    if ('window' in checked) return checked.window;
    for (const { path, message } of checked.faults)
      addIssue({ code: 'custom', message: path === '' ? message : `is not right: ${path} ${message}` });
    return z.NEVER;
  });

const notJson = (text: string) => ({
  path: '',
  message: `is ${show(text)}, which is not JSON; must be a calling window, such as {"start":"08:00","end":"21:00"}`,
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const destinations = () =>
  z.string().transform((text, { addIssue }) => {
    const { destinations, faults } = readDestinations(text);
    for (const message of faults) addIssue({ code: 'custom', message });
    return faults.length > 0 ? z.NEVER : destinations;
  });

const eligibilityUrlRight =
  'an http(s) URL without user name and password, such as https://crm.example.com/eligible';

function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

const publicUrlRight =
  'an http(s) URL without user name, password and query, under which Twilio reaches the API, such as https://calls.example.com, or none';

/** What each variable may hold. All are optional here: `configuration.ts` says which ones a process needs. */
export const environment = z.object({
  RINGTRUE_TASK_QUEUE: z.string().max(200, must('at most 200 characters')),
  TWILIO_ACCOUNT_SID: sid('AC', 'an account SID'),
  TWILIO_AUTH_TOKEN: secret('an auth token, without spaces'),
  TWILIO_AUTH_TOKEN_SECONDARY: secret('an auth token, without spaces'),
  TWILIO_API_KEY: sid('SK', 'the SID of an API key'),
  TWILIO_API_SECRET: secret('the secret of the API key, without spaces'),
  TWILIO_BASE_URL: baseUrl('an http(s) URL without user name, password and query'),
  TWILIO_REGION: location('a Twilio region, such as ie1'),
  TWILIO_EDGE: location('a Twilio edge location, such as dublin'),
  TWILIO_FROM: z
    .string()
    .transform(withoutInvisible)
    .refine(
      (text) => e164.test(text),
      must('a phone number in E.164: + and 2 to 15 digits, such as +15005550006'),
    )
    .transform(canonicalNumber),
  RINGTRUE_ACCOUNTS: z.string(),
  RINGTRUE_CPS: z
    .string()
    .regex(/^\d{1,4}(\.\d{1,3})?$/, must('a number 0.01..1000'))
    .refine((digits) => Number(digits) >= 0.01 && Number(digits) <= 1000, must('a number 0.01..1000'))
    .transform(Number),
  RINGTRUE_CALLS_IN_FLIGHT: wholeNumber(0, 1_000_000, ' of calls (0: any number)'),
  RINGTRUE_CALLS_PER_NUMBER: wholeNumber(0, 1_000_000, ' of calls (0: any number)'),
  RINGTRUE_CONTACTS_PER_NUMBER: contacts(),
  RINGTRUE_REMEMBER_INVALID_SECONDS: wholeNumber(0, 31_622_400, ' of seconds (0: not at all)'),
  RINGTRUE_PUBLIC_URL: z.union([z.literal('none'), baseUrl(publicUrlRight)], must(publicUrlRight)),
  RINGTRUE_CALLBACK_WAIT_SECONDS: wholeNumber(1, 86_400, ' of seconds'),
  RINGTRUE_POLL_INTERVAL_SECONDS: wholeNumber(1, 3600, ' of seconds'),
  RINGTRUE_DECIDE_WITHIN_SECONDS: wholeNumber(1, 604_800, ' of seconds'),
  RINGTRUE_ABSENT_AFTER_SECONDS: wholeNumber(1, 86_400, ' of seconds'),
  RINGTRUE_ENCRYPTION_KEYS: encryptionKeys(),
  RINGTRUE_RETENTION_DAYS: wholeNumber(1, 36_500, ' of days'),
  RINGTRUE_CODEC_ORIGINS: origins(),
  RINGTRUE_NOTIFY_SECRETS: notifySecrets(),
  RINGTRUE_NOTIFY_PRIVATE: z
    .enum(['true', 'false'], must('true or false'))
    .transform((word) => word === 'true'),
  RINGTRUE_PROGRESS: z.enum(progressModes, must('signal or store')),
  RINGTRUE_ELIGIBILITY_URL: z.string().refine(isPlainUrl, mustSecretly(eligibilityUrlRight)),
  RINGTRUE_DO_NOT_CALL_OPT_OUTS: z
    .enum(['true', 'false'], must('true or false'))
    .transform((word) => word === 'true'),
  RINGTRUE_DESTINATIONS: destinations(),
  RINGTRUE_POLICIES: z.string(),
  RINGTRUE_CALLING_WINDOW: callingWindow(),
  PORT: port(),
  HOST: z.string().regex(/^[A-Za-z0-9.:_-]+$/, must('a host name or IP address, such as 127.0.0.1')),
  RINGTRUE_WORKER_PORT: port(),
  RINGTRUE_API_TOKENS: apiTokens(),
  RINGTRUE_API_RATE: wholeNumber(0, 1_000_000, ' of requests a second (0: no limit)'),
  DATABASE_URL: z
    .string()
    .refine(
      (text) => parseDatabaseUrl(text) !== null,
      mustSecretly('a URL of PostgreSQL: postgres://user:password@host:5432/database'),
    ),
  RINGTRUE_DATA_DIR: z.string(),
  RINGTRUE_TEMPORAL_UI_URL: baseUrl(
    'an http(s) URL without user name, password and query, such as https://temporal.example',
  ),
  RINGTRUE_TEMPORAL_PORT: wholeNumber(1, 65_535),
  RINGTRUE_TEMPORAL_UI_PORT: wholeNumber(1, 65_535),
  RINGTRUE_SIMULATOR_PORT: port(),
  RINGTRUE_LOG_LEVEL: z.enum(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    must('one of trace, debug, info, warn, error, fatal'),
  ),
});

export type Environment = Partial<z.output<typeof environment>>;
export type VariableName = keyof Environment;

const variableNames = Object.keys(environment.shape) as VariableName[];

/** Variables of the commands that call the API, which read them by themselves. */
const commandVariables = ['RINGTRUE_API_URL', 'RINGTRUE_API_TOKEN'];

/**
 * The variables that are set, except Kubernetes service variables. A variable that is empty or holds only
 * blanks counts as not set.
 */
export function setVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]) => [name, value?.trim() ?? ''] as const);
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== '' && !isServiceVariable(name, value)),
  );
}

/** What the variables hold, checked one by one, and every fault found. Secrets never appear in a fault. */
export function readVariables(set: Record<string, string>): { values: Environment; faults: string[] } {
  const values: Environment = {};
  const faults: string[] = [];
  for (const name of variableNames) {
    const text = set[name];
    if (text === undefined || isQuoted(text)) continue;
    const parsed = environment.shape[name].safeParse(text);
    if (parsed.success) Object.assign(values, { [name]: parsed.data });
    else faults.push(...parsed.error.issues.map(({ message }) => `${name} ${message}`));
  }
  for (const [name, text] of Object.entries(set)) {
    if (isRead(name) && isQuoted(text))
      faults.push(`${name} has quotes around its value; must be set without the quotes`);
    if (name.startsWith('RINGTRUE_') && !isKnown(name))
      faults.push(`${name} is unknown; the nearest known name is ${nearestName(name, knownNames)}`);
  }
  return { values, faults };
}

/** Is it a variable that ringtrue or Temporal's configuration reads? */
export function isOwnVariable(name: string): boolean {
  return /^(PORT|HOST|DATABASE_URL|TEMPORAL_.*|TWILIO_.*|RINGTRUE_.*)$/.test(name);
}

/** Variables of other programs that name files and proxies, and are read here too. */
const foreign =
  /^(TEMPORAL_.*|PGSSLROOTCERT|TWILIO_CA_BUNDLE|NODE_EXTRA_CA_CERTS|(HTTPS?|ALL|NO)_PROXY|OTEL_.*)$/i;

/** Is it checked here, or does ringtrue or a part of it read it? */
function isRead(name: string): boolean {
  return foreign.test(name) || (variableNames as string[]).includes(name);
}

/** False for a misspelled name: its setting would have no effect. */
export function isKnown(name: string): boolean {
  return !name.startsWith('RINGTRUE_') || knownNames.includes(name);
}

const knownNames: string[] = [
  ...variableNames.filter((name) => name.startsWith('RINGTRUE_')),
  ...commandVariables,
];

/** `docker run --env-file` and systemd hand on quotes as part of the value, where a shell takes them off. */
export function isQuoted(text: string): boolean {
  return /^(["']).*\1$/s.test(text) && text.length > 1;
}

/**
 * A variable that Kubernetes sets in every pod for a Service whose name begins with `ringtrue`.
 * Source: Kubernetes, "Service", environment variables; Docker's legacy container links.
 */
function isServiceVariable(name: string, value: string): boolean {
  if (!name.startsWith('RINGTRUE_')) return false;
  return (
    /(^|_)(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\/[^\s/]+:\d+$/.test(value)) ||
    (name.endsWith('_NAME') && /^\/[\w.-]+\/[\w.-]+$/.test(value)) ||
    /^RINGTRUE_\w*_ENV_\w+$/.test(name)
  );
}
