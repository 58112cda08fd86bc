import { createHash } from 'node:crypto';

/**
 * What both drivers can do: run one parameterised statement. Times go in and come out as ISO 8601 text, JSON
 * as text in and values out.
 */
export interface Sql {
  /**
   * Throws `StoreUnavailable` when the database cannot be reached; any other SQL error as the driver throws
   * it.
   */
  query<Row>(statement: string | Prepared, parameters?: readonly Parameter[]): Promise<Row[]>;
  /** Runs a script of several statements, which takes no parameters. */
  run(script: string): Promise<void>;
}

/** A statement that every call runs: a connection that can parses and plans it once. */
export interface Prepared {
  text: string;
  /** Follows from the text, so that whatever else uses a connection never takes it for another statement. */
  name: string;
}

export function prepared(text: string): Prepared {
  return { text, name: `ringtrue-${createHash('sha256').update(text).digest('hex').slice(0, 32)}` };
}

export function textOf(statement: string | Prepared): string {
  return typeof statement === 'string' ? statement : statement.text;
}

export type Parameter = string | number | null | readonly string[];

export interface Database extends Sql {
  /**
   * Runs `work` in one transaction on a connection of its own, without a limit on how long a statement takes:
   * for migrations.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface StoreLog {
  warn(obj: object, msg: string): void;
  info(obj: object, msg: string): void;
}

/**
 * A value as JSON that jsonb accepts. jsonb holds neither U+0000 nor half a surrogate pair. One such
 * character in metadata must not cost a call its outcome, so it becomes U+FFFD. Source: PostgreSQL, "JSON
 * Types".
 */
export function json(value: unknown): string {
  // Whatever JSON.stringify writes as \ud… is half a pair: whole ones it writes as they are.
  return JSON.stringify(value ?? null).replace(
    /(\\\\)|\\u(?:0000|d[89a-f][0-9a-f]{2})/g,
    (_, backslash?: string) => backslash ?? '\uFFFD',
  );
}

/** Parameters as PostgreSQL takes them: its text holds no U+0000 either. */
export function storable(parameters: readonly Parameter[]): (string | number | null | string[])[] {
  return parameters.map((value) => {
    if (typeof value === 'string') return withoutNul(value);
    return value !== null && typeof value === 'object' ? value.map(withoutNul) : value;
  });
}

function withoutNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** SQL that writes a timestamptz as ISO 8601 UTC, exact to the microsecond. */
export function iso(expression: string): string {
  return `iso_time(${expression})`;
}
