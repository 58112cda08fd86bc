import { canonicalNumber } from '../../../activities/validation/canonicalNumber.js';
import { type Fault, limitFaults, show } from '../../../activities/validation/fault.js';
import { withoutInvisible } from '../../../activities/validation/withoutInvisible.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import { parseRfc3339 } from '../../../workflows/rules/rfc3339.js';
import type { ApiContext } from './apiDependencies.js';

/** What a parameter of a query must be: for the check, and for the OpenAPI document. */
export interface QueryParameter {
  /** Completes "must be …". */
  right: string;
  holds: (text: string) => boolean;
  /** The value as the rest of the API reads it; as it came when absent. */
  read?: (text: string) => string;
  description: string;
  /** JSON Schema. */
  schema: Record<string, unknown>;
}

export const isNumber = {
  right: 'a phone number in E.164, such as +15005550006',
  holds: (text: string) => e164.test(withoutInvisible(text)),
  /** The one spelling of the number. */
  read: (text: string) => canonicalNumber(withoutInvisible(text)),
};

/** A time as people write it in queries. */
export const timeText = {
  right:
    'an RFC 3339 time with offset such as 2026-01-31T09:00:00Z, a date such as 2026-01-31, or how long ago such as 24h',
  forms: 'An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d.',
  examples: ['2026-01-31T09:00:00Z', '2026-01-31', '24h'],
};

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** ISO 8601 UTC; null if the text is no time, date or duration. */
export function timeOf(text: string): string | null {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    const ago = Date.now() - Number(count) * (secondsOf[unit] as number) * 1000;
    return new Date(Math.max(ago, 0)).toISOString();
  }
  // The time as it came: it may be exact to the microsecond.
  if (parseRfc3339(text) !== null) return text;
  return parseRfc3339(`${text}T00:00:00Z`);
}

export function timeParameter(description: string): QueryParameter {
  return {
    right: timeText.right,
    holds: (text) => timeOf(text) !== null,
    description: `${description} ${timeText.forms}`,
    schema: { type: 'string', examples: timeText.examples },
  };
}

export function numberParameter(description: string): QueryParameter {
  return { ...isNumber, description, schema: { type: 'string', pattern: e164.source } };
}

export function oneOf(words: readonly string[], description: string): QueryParameter {
  return {
    right: `one of ${words.join(', ')}`,
    holds: (text) => words.includes(text),
    description,
    schema: { type: 'string', enum: [...words] },
  };
}

/** Any text except the empty one; `right` names it: `a batch id`. */
export function textParameter(right: string, description: string): QueryParameter {
  return { right, holds: (text) => text !== '', description, schema: { type: 'string', minLength: 1 } };
}

const longestWaitSeconds = 60;
/** Proxies commonly give up after 60 s: the API answers some seconds earlier. */
const answersWithinSeconds = 55;

/** How long a request may wait for what it asks for; `description` says for what. */
export function waitParameter(description: string): {
  parameter: QueryParameter;
  /** The seconds to wait. */
  secondsOf: (text: string | undefined) => number;
} {
  const parameter: QueryParameter = {
    right: `one number of seconds, 0..${longestWaitSeconds}`,
    holds: (text) => text.trim() !== '' && Number(text) >= 0 && Number(text) <= longestWaitSeconds,
    description: `${description} At most ${answersWithinSeconds}.`,
    schema: { type: 'number', minimum: 0, maximum: longestWaitSeconds, default: 0 },
  };
  return { parameter, secondsOf: (text) => Math.min(Number(text ?? 0), answersWithinSeconds) };
}

/**
 * The query of a request by name, or every fault in it. An unknown parameter is a fault, because a misspelled
 * one would otherwise be ignored in silence. The rule `metadata.KEY` is for every name that begins with
 * `metadata.`.
 */
export function readQuery<Name extends string>(
  c: ApiContext,
  parameters: Record<Name, QueryParameter>,
): { query: Partial<Record<Name, string>> } | { faults: Fault[] } {
  const values = new URL(c.req.url).searchParams;
  // In a query string a bare + means a blank. No number begins with one, and no time has one before its
  // offset.
  for (const name of ['to', 'from']) {
    const number = values.get(name);
    if (number?.startsWith(' ')) values.set(name, `+${number.slice(1)}`);
  }
  for (const name of ['since', 'until']) {
    const time = values.get(name);
    if (time !== null) values.set(name, time.replace(/ (\d\d:\d\d)$/, '+$1'));
  }
  const texts = [...values];
  const faults = faultsInTexts(texts, parameters);
  return faults.length > 0 ? { faults: limitFaults(faults) } : { query: valuesOfTexts(texts, parameters) };
}

/** Every fault in texts by name, by the rules of a query. */
export function faultsInTexts(
  texts: readonly (readonly [name: string, text: string])[],
  parameters: Record<string, QueryParameter>,
): Fault[] {
  return [...new Set(texts.map(([name]) => name))].flatMap((name) =>
    faultIn(
      name,
      texts.filter(([other]) => other === name).map(([, text]) => text),
      parameters,
    ),
  );
}

/** Texts without faults, as the rest of the API reads them. */
export function valuesOfTexts<Name extends string>(
  texts: readonly (readonly [name: string, text: string])[],
  parameters: Record<Name, QueryParameter>,
): Partial<Record<Name, string>> {
  const values = texts.map(([name, text]) => [name, ruleOf(parameters, name)?.read?.(text) ?? text]);
  return Object.fromEntries(values) as Partial<Record<Name, string>>;
}

const anyKey = /^(metadata\.).+$/s;

function faultIn(name: string, values: string[], parameters: Record<string, QueryParameter>): Fault[] {
  const parameter = ruleOf(parameters, name);
  if (parameter === undefined)
    return [{ path: name, message: `is unknown; ${expectedNames(Object.keys(parameters))}` }];
  const { right, holds } = parameter;
  const [value = ''] = values;
  if (values.length > 1) return [{ path: name, message: `comes ${values.length} times; must be ${right}` }];
  return holds(value) ? [] : [{ path: name, message: `is ${show(value)}; must be ${right}` }];
}

function expectedNames(names: string[]): string {
  return names.length === 0 ? 'this request takes no parameters' : `must be one of ${names.join(', ')}`;
}

function ruleOf(parameters: Record<string, QueryParameter>, name: string): QueryParameter | undefined {
  const rule = name.replace(anyKey, '$1KEY');
  return Object.hasOwn(parameters, rule) ? parameters[rule] : undefined;
}
