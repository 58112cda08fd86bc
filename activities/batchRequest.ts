import type { CallRequest } from '../workflows/callRequest.js';
import type { PartialCallRequest } from './batchStore.js';

const heard = ['twiml', 'url', 'applicationSid'] as const;

/**
 * A row's request laid over the defaults of its batch: what the row says counts, metadata and calling window are merged field
 * by field (of a window, hours and ranges exclude each other), and a row that says what the callee hears says it instead of the defaults. Checks nothing.
 */
export function laidOver(defaults: PartialCallRequest, own: PartialCallRequest): CallRequest {
  const below = { ...defaults };
  if (heard.some((field) => own[field] !== undefined)) for (const field of heard) delete below[field];
  const merged = { ...below, ...own } as CallRequest;
  const [window, ownWindow] = [below.callingWindow, own.callingWindow];
  if (isPlain(window) && isPlain(ownWindow))
    merged.callingWindow = { ...without(window, otherHours(ownWindow)), ...ownWindow };
  const [metadata, ownMetadata] = [below.metadata, own.metadata];
  if (isPlain(metadata) && isPlain(ownMetadata)) merged.metadata = { ...metadata, ...ownMetadata };
  return merged;
}

/** A window has either start, end and days or ranges: a row that names the ones names them instead of the others. */
function otherHours(own: object): string[] {
  if ('ranges' in own) return ['start', 'end', 'days'];
  return 'start' in own || 'end' in own ? ['ranges'] : [];
}

function without<T extends object>(value: T, names: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) as Partial<T>;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
