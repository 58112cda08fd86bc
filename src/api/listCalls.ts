import { isRfc3339 } from '../../activities/callRequestSchema.js';
import { bounded, type Fault, show } from '../../activities/fault.js';
import { type CallFilter, InvalidCursor } from '../../activities/outcomeStore.js';
import { callStates } from '../../workflows/callOutcome.js';
import { outcomes } from '../../workflows/callRequest.js';
import { e164 } from '../../workflows/phoneNumber.js';
import type { ApiContext, ApiTools } from './apiDependencies.js';
import { invalidRequest } from './problem.js';

const isTime = { right: 'an RFC 3339 time with offset, such as 2026-01-31T09:00:00Z', holds: isRfc3339 };

/** What each query parameter of `GET /calls` must be. */
const filters = {
  outcome: { right: `one of ${outcomes.join(', ')}`, holds: (text: string) => oneOf(outcomes, text) },
  state: { right: `one of ${callStates.join(', ')}`, holds: (text: string) => oneOf(callStates, text) },
  to: { right: 'a phone number in E.164, such as +15005550006', holds: (text: string) => e164.test(text) },
  since: isTime,
  until: isTime,
  limit: { right: 'an integer 1..200', holds: (text: string) => /^([1-9]\d?|1\d\d|200)$/.test(text) },
  cursor: { right: 'the nextCursor of an earlier page', holds: (text: string) => text !== '' },
} satisfies Record<string, { right: string; holds: (text: string) => boolean }>;

const standardLimit = 50;

/** `GET /calls`: recorded calls, newest first. Calls that no worker has taken up yet are not among them. */
export function listCalls(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const given = new URL(c.req.url).searchParams;
    // In a query string a bare + means a blank; no number begins with one.
    const to = given.get('to');
    if (to?.startsWith(' ')) given.set('to', `+${to.slice(1)}`);

    const faults = [...new Set(given.keys())].flatMap((name) => faultIn(name, given.getAll(name)));
    if (faults.length > 0) return invalidRequest(c, bounded(faults));
    const { limit, ...texts } = Object.fromEntries(given);
    try {
      const filter = { ...texts, limit: Number(limit ?? standardLimit) } as CallFilter;
      return c.json(await tools.store.listCalls(filter));
    } catch (error) {
      if (!(error instanceof InvalidCursor)) throw error;
      return invalidRequest(c, [
        {
          path: 'cursor',
          message: `is ${show(given.get('cursor'))}, which no page gave out; must be the nextCursor of an earlier page`,
        },
      ]);
    }
  };
}

function faultIn(name: string, values: string[]): Fault[] {
  if (!Object.hasOwn(filters, name))
    return [{ path: name, message: `is unknown; must be one of ${Object.keys(filters).join(', ')}` }];
  const { right, holds } = filters[name as keyof typeof filters];
  const [value = ''] = values;
  if (values.length > 1) return [{ path: name, message: `comes ${values.length} times; must be ${right}` }];
  return holds(value) ? [] : [{ path: name, message: `is ${show(value)}; must be ${right}` }];
}

function oneOf(words: readonly string[], text: string): boolean {
  return words.includes(text);
}
