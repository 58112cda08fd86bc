import type { CallRequest } from '../workflows/callRequest.js';
import type { PartialCallRequest } from './batchStore.js';

const heard = ['twiml', 'url', 'applicationSid'] as const;

/**
 * A row's request laid over the defaults of its batch: what the row says counts, metadata and calling window are merged field
 * by field, and a row that says what the callee hears says it instead of the defaults. Checks nothing.
 */
export function laidOver(defaults: PartialCallRequest, own: PartialCallRequest): CallRequest {
  const below = { ...defaults };
  if (heard.some((field) => own[field] !== undefined)) for (const field of heard) delete below[field];
  const merged = { ...below, ...own } as CallRequest;
  for (const field of ['metadata', 'callingWindow'] as const) {
    const [under, over] = [below[field], own[field]];
    if (isPlain(under) && isPlain(over)) Object.assign(merged, { [field]: { ...under, ...over } });
  }
  return merged;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
