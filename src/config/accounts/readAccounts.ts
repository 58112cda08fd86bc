import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { FurtherAccount } from '../../../activities/accounts/account.js';
import { isObject, show } from '../../../activities/validation/fault.js';
import { environment } from '../environment.js';
import { nearestName } from '../nearestName.js';
import { repeatedNames } from './repeatedNames.js';

/** What an entry of the file takes from elsewhere. */
export interface AccountDefaults {
  /** The main account, which no entry may name again. */
  mainAccountSid: string;
  callsPerSecond: number;
  callsInFlight: number | null;
  /** Where requests go, for an entry with this `baseUrl`, or with none. Faults begin with the name of a variable. */
  connectionOf: (baseUrl: string | null) => {
    connection: Pick<FurtherAccount['twilio'], 'baseUrl' | 'region' | 'edge' | 'proxyUrl'>;
    faults: string[];
  };
}

/** Each is a worker of its own for placements, for reads and for waiting calls, in each worker process. */
const mostAccounts = 100;

const variable = 'RINGTRUE_ACCOUNTS';
const shape = environment.shape;
/** The text fields of an entry, and what each may hold: the same as the variable of the main account. */
const textFields = {
  accountSid: shape.TWILIO_ACCOUNT_SID,
  authToken: shape.TWILIO_AUTH_TOKEN,
  authTokenSecondary: shape.TWILIO_AUTH_TOKEN_SECONDARY,
  apiKey: shape.TWILIO_API_KEY,
  apiSecret: shape.TWILIO_API_SECRET,
  from: shape.TWILIO_FROM,
  baseUrl: shape.TWILIO_BASE_URL,
};
type TextField = keyof typeof textFields;
const secretFields: readonly string[] = ['authToken', 'authTokenSecondary', 'apiSecret'];
const requiredFields = {
  accountSid: 'the account SID: AC and 32 hex digits',
  authToken: "the account's auth token: it checks the signatures of callbacks",
};
const limitFields = {
  cps: { schema: z.number().min(0.01).max(1000), right: 'a number 0.01..1000' },
  callsInFlight: {
    schema: z.int().min(0).max(1_000_000),
    right: 'a whole number 0..1000000 of calls (0: any number)',
  },
};
const fieldNames = [...Object.keys(textFields), ...Object.keys(limitFields)];

/**
 * Reads the file of accounts, a JSON object by name. Each fault is one line that names the variable, the entry and the field,
 * and no secret.
 */
export function readAccounts(
  path: string,
  defaults: AccountDefaults,
): { accounts: Map<string, FurtherAccount> } | { faults: string[] } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const why = (error as Error).message;
    return { faults: [`${variable} is ${path}, which cannot be read: ${why}; must be a JSON file`] };
  }
  return accountsIn(text, path, defaults);
}

function accountsIn(text: string, path: string, defaults: AccountDefaults): ReturnType<typeof readAccounts> {
  const entries = parsed(text);
  if (!isObject(entries)) {
    const what =
      entries === undefined ? 'is not JSON (no more is said, since it holds secrets)' : 'holds no object';
    return { faults: [`${variable} is ${path}, which ${what}; must be one JSON object: accounts by name`] };
  }
  const faults = repeatedNames(text).map((names) => repeatedFault(names));
  const accounts = new Map<string, FurtherAccount>();
  const nameBySid = new Map([[defaults.mainAccountSid.toLowerCase(), 'TWILIO_ACCOUNT_SID']]);
  for (const [name, entry] of Object.entries(entries)) {
    const own: string[] = [];
    const account = accountOf(name, entry, defaults, (fault) => own.push(fault));
    if (account !== null) {
      const sid = account.twilio.accountSid.toLowerCase();
      const other = nameBySid.get(sid);
      if (other !== undefined)
        own.push(`accountSid is ${account.twilio.accountSid}, which ${other} has too; must differ`);
      else nameBySid.set(sid, accountWords(name));
      accounts.set(name, account);
    }
    faults.push(
      ...own.map((fault) =>
        /^[A-Z_]+ /.test(fault) ? fault : `${variable}, ${accountWords(name)}: ${fault}`,
      ),
    );
  }
  if (accounts.size > mostAccounts)
    faults.push(`${variable} has ${accounts.size} accounts; must have at most ${mostAccounts}`);
  return faults.length > 0 ? { faults } : { accounts };
}

/** Undefined if it is not JSON. The text of the parser's error may repeat a secret. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function accountWords(name: string): string {
  return `account ${show(name)}`;
}

function repeatedFault([name = '', ...fields]: string[]): string {
  const what = fields.length === 0 ? 'comes twice' : `${fields.join('.')} comes twice`;
  return `${variable}, ${accountWords(name)}: ${what}; must come once`;
}

/** The account of an entry; null if a fault leaves none. */
function accountOf(
  name: string,
  entry: unknown,
  defaults: AccountDefaults,
  fault: (fault: string) => void,
): FurtherAccount | null {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    fault('its name must be 1..64 letters, digits and ._-, and begin with a letter or digit');
  if (!isObject(entry)) {
    fault(`is ${show(entry)}; must be an object with accountSid and authToken`);
    return null;
  }
  for (const field of Object.keys(entry))
    if (!fieldNames.includes(field))
      fault(`${show(field)} is unknown; the nearest known name is ${nearestName(field, fieldNames)}`);
  const texts = textsOf(entry, fault);
  const { accountSid, authToken, authTokenSecondary, apiKey, apiSecret } = texts;
  for (const [one, other] of [
    ['apiKey', 'apiSecret'],
    ['apiSecret', 'apiKey'],
  ] as const)
    if (entry[one] !== undefined && entry[other] === undefined)
      fault(`${other} is missing; must be set, since ${one} is (or leave out both)`);
  const limits = limitsOf(entry, fault);
  const { connection, faults } = defaults.connectionOf(texts.baseUrl ?? null);
  for (const one of faults) fault(one);
  if (accountSid === undefined || authToken === undefined) return null;
  return {
    name,
    twilio: {
      accountSid,
      username: apiKey ?? accountSid,
      password: (apiKey && apiSecret) ?? authToken,
      ...connection,
    },
    authTokens: [authToken, ...(authTokenSecondary === undefined ? [] : [authTokenSecondary])],
    defaultFrom: texts.from ?? null,
    callsPerSecond: limits.cps ?? defaults.callsPerSecond,
    callsInFlight: limits.callsInFlight === undefined ? defaults.callsInFlight : limits.callsInFlight || null,
  };
}

function textsOf(
  entry: Record<string, unknown>,
  fault: (fault: string) => void,
): Partial<Record<TextField, string>> {
  const texts: Partial<Record<TextField, string>> = {};
  for (const [field, schema] of Object.entries(textFields) as [TextField, z.ZodType<string>][]) {
    const value = entry[field];
    const missing = (requiredFields as Record<string, string>)[field];
    if (value === undefined || value === '') {
      if (missing !== undefined) fault(`${field} is missing; must be ${missing}`);
      else if (value === '') fault(`${field} is empty; must be left out if there is none`);
      continue;
    }
    if (typeof value !== 'string') {
      const shown = secretFields.includes(field) ? 'is set, but not right' : `is ${show(value)}`;
      fault(`${field} ${shown}; must be text, in quotes`);
      continue;
    }
    const checked = schema.safeParse(value);
    if (checked.success) texts[field] = checked.data;
    else for (const { message } of checked.error.issues) fault(`${field} ${message}`);
  }
  return texts;
}

function limitsOf(
  entry: Record<string, unknown>,
  fault: (fault: string) => void,
): { cps?: number; callsInFlight?: number } {
  const limits: Record<string, number> = {};
  for (const [field, { schema, right }] of Object.entries(limitFields)) {
    const value = entry[field];
    if (value === undefined) continue;
    const checked = schema.safeParse(value);
    if (checked.success) limits[field] = checked.data;
    else fault(`${field} is ${show(value)}; must be ${right}`);
  }
  return limits;
}
