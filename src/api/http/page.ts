import { z } from 'zod';
import type { ApiContext } from './apiDependencies.js';
import { invalidRequest } from './problem.js';
import { type QueryParameter, readQuery } from './queryParameters.js';

const cursor: QueryParameter = {
  right: 'the nextCursor of an earlier page',
  holds: (text) => text !== '',
  description: '`nextCursor` of the previous page.',
  schema: { type: 'string', minLength: 1 },
};

/** The parameters of every list: how many `things` a page has, and where it begins. */
export function pageParameters(
  things: string,
  size: { standard: number; most: number },
): { limit: QueryParameter; cursor: QueryParameter } {
  const { standard, most } = size;
  const limit: QueryParameter = {
    right: `an integer 1..${most}`,
    holds: (text) => /^[1-9]\d{0,8}$/.test(text) && Number(text) <= most,
    description: `${things} per page.`,
    schema: { type: 'integer', minimum: 1, maximum: most, default: standard },
  };
  return { limit, cursor };
}

/** The query of a list, with the page size as a number; or the answer that names every fault in it. */
export function readPageQuery<Name extends string>(
  c: ApiContext,
  parameters: Record<Name | 'limit', QueryParameter>,
): { query: Partial<Record<Exclude<Name, 'limit'>, string>> & { limit: number } } | { refusal: Response } {
  const parsed = readQuery(c, parameters);
  if ('faults' in parsed) return { refusal: invalidRequest(c, parsed.faults) };
  return { query: { ...parsed.query, limit: Number(parsed.query.limit ?? parameters.limit.schema.default) } };
}

/** The last field of every page. */
export const nextCursor = () => z.nullable(z.string()).meta({ description: 'Null on the last page.' });
