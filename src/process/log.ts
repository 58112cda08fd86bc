import { pino } from 'pino';
import pretty from 'pino-pretty';
import { maskNumber } from '../../workflows/rules/phoneNumber.js';

export type Log = pino.Logger;

export interface LogOptions {
  level: string;
  /** Values that no line may show. */
  secrets?: readonly string[];
}

/**
 * The log of a process, on standard error: JSON lines, or plain text on a terminal. Hides secrets in every
 * line, and phone numbers in every line except those of level `debug` or `trace`.
 */
export function createLog({ level, secrets = [] }: LogOptions): Log {
  const out = process.stderr.isTTY
    ? pretty({
        destination: 2,
        sync: true,
        singleLine: true,
        ignore: 'pid,hostname',
        translateTime: 'HH:MM:ss',
      })
    : pino.destination({ fd: 2, sync: true });
  const destination = {
    // pino tells such a destination the level of each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      out.write(hide(line, { secrets, numbers: this.lastLevel >= 30 }));
    },
  };
  return pino(
    {
      level,
      base: null,
      redact: { paths: secretFields, censor: '(secret)' },
      // Temporal's SDK logs errors as `error`; pino knows only `err`.
      serializers: { error: plainError, err: plainError },
    },
    destination,
  );
}

/**
 * An error with the fields that say what went wrong. What else a library hangs on it, such as the request with its credentials,
 * is left out.
 */
function plainError(error: Error): unknown {
  const all: unknown = pino.stdSerializers.err(error);
  if (typeof all !== 'object' || all === null) return all;
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value === null || typeof value !== 'object'),
  );
}

/** Names of fields that hold a secret, at the top level of a log entry and one level down. */
const secretFields = ['authToken', 'password', 'apiKey', 'apiSecret', 'authorization', 'databaseUrl'].flatMap(
  (name) => [name, `*.${name}`],
);

/** A shorter value is no secret, and hiding it would garble ordinary words. */
const shortestSecret = 6;

/** The line without secrets and, if asked for, without the middle of every E.164 number. */
export function hide(line: string, what: { secrets: readonly string[]; numbers: boolean }): string {
  let shown = line;
  for (const secret of what.secrets)
    if (secret.length >= shortestSecret) shown = shown.replaceAll(secret, '(secret)');
  if (!what.numbers) return shown;
  return shown.replace(/(\+|%2B)([1-9]\d{6,14})(?!\d)/gi, (_, _plus, digits) => maskNumber(`+${digits}`));
}
