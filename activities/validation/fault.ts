import type { z } from 'zod';
import { invisibleCharacters } from './withoutInvisible.js';

/**
 * One thing that is wrong with a request. `path` is dotted (`retry.intervals.busy.0`); empty: the request as
 * a whole.
 */
export interface Fault {
  path: string;
  /** What is wrong, with what value, and what would be right. */
  message: string;
}

/**
 * The field names of each object that a schema consists of, or the right keys of a record; `root` is the
 * outermost, and `name.*` each value of the record `name`.
 */
export type FieldNames = { root: readonly string[] } & Record<string, readonly string[]>;

const maxFaults = 100;

/** A fault as one sentence: `retry.maxAttempts is 0; must be …`. */
export function faultLine({ path, message }: Fault): string {
  return `${path === '' ? 'the request' : path} ${message}`;
}

/**
 * Turns zod's issues into faults: unknown fields one by one, and for a union of a name and an object only the
 * branch that was meant.
 */
export function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  fieldNames: FieldNames,
): Fault[] {
  return issues.flatMap((issue) => faultsOfIssue(issue, input, fieldNames, []));
}

function faultsOfIssue(
  issue: z.core.$ZodIssue,
  input: unknown,
  fieldNames: FieldNames,
  base: PropertyKey[],
): Fault[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    // An entry of a list has the field names of the list; a value in a record has those of the record.
    const objectName = String(path.findLast((key) => typeof key !== 'number') ?? 'root');
    const fields = fieldNames[objectName] ?? fieldNames[`${String(path.at(-2))}.*`] ?? [];
    return issue.keys.map((key) => ({
      path: dotted([...path, key]),
      message: `is unknown; must be one of ${fields.join(', ')}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    const names = fieldNames[String(path.at(-2))] ?? [];
    return [{ path: dotted(path), message: `is unknown; must be one of ${names.join(', ')}` }];
  }
  const [, objectBranch] = issue.code === 'invalid_union' ? issue.errors : [];
  if (objectBranch && isObject(valueAt(input, path)))
    return objectBranch.flatMap((inner) => faultsOfIssue(inner, input, fieldNames, path));
  return [{ path: dotted(path), message: issue.message }];
}

/** A hostile body can have thousands of faults: the answer stays readable and short. */
export function limitFaults(faults: Fault[]): Fault[] {
  if (faults.length <= maxFaults) return faults;
  const more = faults.length - maxFaults;
  return [...faults.slice(0, maxFaults), { path: '', message: `has ${more} more faults` }];
}

/** Error text of a schema: the value as it came, and what would be right. */
export function must(expected: string) {
  return {
    error: (issue: { input?: unknown }) =>
      issue.input === undefined
        ? `is missing; must be ${expected}`
        : `is ${show(issue.input)}; must be ${expected}`,
  };
}

/** A value in a fault: short, and never more than the client sent. Names the characters that cannot be seen. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const shown = value.length > 80 ? `${value.slice(0, 77)}…` : value;
    const unseen = invisibleCharacters(shown);
    return `${JSON.stringify(shown)}${unseen.length === 0 ? '' : ` (with ${unseen.slice(0, 3).join(', ')})`}`;
  }
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

export function dotted(path: PropertyKey[]): string {
  const text = path.map(String).join('.');
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key as string] : undefined), input);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
