import type { CallRequest } from '../../workflows/callRequest.js';

/** A request, or a part of one that is completed by the defaults of its batch. */
export type PartialCallRequest = Partial<CallRequest>;

const contentFields = ['twiml', 'url', 'applicationSid'] as const;

/**
 * Merges a row over its batch's defaults. `metadata`, `twilio` and `callingWindow` merge field by field; hours and
 * ranges of a window replace one another, as do TwiML, URL and application SID. Does not validate.
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
  const [twilio, rowTwilio] = [base.twilio, row.twilio];
  if (isPlainObject(twilio) && isPlainObject(rowTwilio)) merged.twilio = { ...twilio, ...rowTwilio };
  return merged;
}

/** A window has start, end and days, or it has ranges: those that a row names replace the others. */
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
