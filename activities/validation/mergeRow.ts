import type { CallRequest } from '../../workflows/callRequest.js';

/** A request, or a part of one that is completed by the defaults of its batch. */
export type PartialCallRequest = Partial<CallRequest>;

const contentFields = ['twiml', 'url', 'applicationSid'] as const;

/**
 * A row's request laid over the defaults of its batch: what the row says counts, metadata and calling window are merged field
 * by field (of a window, hours and ranges exclude each other), and a row that says what the callee hears says it instead of the defaults. Checks nothing.
 */
export function mergeRow(defaults: PartialCallRequest, row: PartialCallRequest): CallRequest {
  const base = { ...defaults };
  if (contentFields.some((field) => row[field] !== undefined))
    for (const field of contentFields) delete base[field];
  const merged = { ...base, ...row } as CallRequest;
  const [window, rowWindow] = [base.callingWindow, row.callingWindow];
  if (isPlainObject(window) && isPlainObject(rowWindow))
    merged.callingWindow = { ...omit(window, replacedHourFields(rowWindow)), ...rowWindow };
  const [metadata, rowMetadata] = [base.metadata, row.metadata];
  if (isPlainObject(metadata) && isPlainObject(rowMetadata))
    merged.metadata = { ...metadata, ...rowMetadata };
  return merged;
}

/** A window has either start, end and days or ranges: a row that names the ones names them instead of the others. */
function replacedHourFields(row: object): string[] {
  if ('ranges' in row) return ['start', 'end', 'days'];
  return 'start' in row || 'end' in row ? ['ranges'] : [];
}

function omit<T extends object>(value: T, names: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) as Partial<T>;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
