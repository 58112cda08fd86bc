import { type Fault, limitFaults, show } from '../../../activities/validation/fault.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import type { ApiContext } from './apiDependencies.js';

/** What a parameter of a query must be. */
export interface QueryParameter {
  right: string;
  holds: (text: string) => boolean;
}

export const isNumber: QueryParameter = {
  right: 'a phone number in E.164, such as +15005550006',
  holds: (text) => e164.test(text),
};

export const isCursor: QueryParameter = {
  right: 'the nextCursor of an earlier page',
  holds: (text) => text !== '',
};

export function isOneOf(words: readonly string[]): QueryParameter {
  return { right: `one of ${words.join(', ')}`, holds: (text) => words.includes(text) };
}

/** From 1. */
export function isLimit(max: number): QueryParameter {
  return {
    right: `an integer 1..${max}`,
    holds: (text) => /^[1-9]\d{0,8}$/.test(text) && Number(text) <= max,
  };
}

/**
 * The query of a request by name, or everything that is wrong with it. Unknown parameters are faults, since a misspelt
 * one would otherwise be ignored in silence.
 */
export function readQuery<Name extends string>(
  c: ApiContext,
  parameters: Record<Name, QueryParameter>,
): { query: Partial<Record<Name, string>> } | { faults: Fault[] } {
  const values = new URL(c.req.url).searchParams;
  // In a query string a bare + means a blank. No number begins with one, and no time has one before its offset.
  const to = values.get('to');
  if (to?.startsWith(' ')) values.set('to', `+${to.slice(1)}`);
  for (const name of ['since', 'until']) {
    const time = values.get(name);
    if (time !== null) values.set(name, time.replace(/ (\d\d:\d\d)$/, '+$1'));
  }
  const faults = [...new Set(values.keys())].flatMap((name) =>
    faultIn(name, values.getAll(name), parameters),
  );
  if (faults.length > 0) return { faults: limitFaults(faults) };
  return { query: Object.fromEntries(values) as Partial<Record<Name, string>> };
}

/** A cursor that fits the pattern, but that no page gave out. */
export function unknownCursor(cursor: string | undefined): Fault {
  return {
    path: 'cursor',
    message: `is ${show(cursor)}, which no page gave out; must be the nextCursor of an earlier page`,
  };
}

function faultIn(name: string, values: string[], parameters: Record<string, QueryParameter>): Fault[] {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (parameter === undefined)
    return [{ path: name, message: `is unknown; must be one of ${Object.keys(parameters).join(', ')}` }];
  const { right, holds } = parameter;
  const [value = ''] = values;
  if (values.length > 1) return [{ path: name, message: `comes ${values.length} times; must be ${right}` }];
  return holds(value) ? [] : [{ path: name, message: `is ${show(value)}; must be ${right}` }];
}
