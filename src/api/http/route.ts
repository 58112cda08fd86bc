import type { z } from 'zod';
import type { Role } from '../../config/apiTokens.js';
import type { ApiContext, ApiTools } from './apiDependencies.js';
import type { ProblemName } from './problem.js';
import type { QueryParameter } from './queryParameters.js';

/** One route of the API: who may use it, what serves it, and what the OpenAPI document says about it. */
export type Route = RouteParts & (Open | ForRoles);

/** Needs no token, and serves other machines too. */
interface Open {
  open: true;
  roles?: never;
}

/** If tokens are set, needs one with one of these roles. */
interface ForRoles {
  open?: never;
  roles: readonly [Role, ...Role[]];
}

/** The roles of each kind of route. The lists are the do-not-call list and the invalid numbers. */
export const rolesFor = {
  readingCalls: ['read', 'call', 'admin'],
  changingCalls: ['call', 'admin'],
  readingListsAndDialing: ['read', 'admin'],
  changingListsAndDialing: ['admin'],
  readingPayloads: ['admin'],
  erasing: ['admin'],
} as const satisfies Record<string, readonly [Role, ...Role[]]>;

interface RouteParts {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/calls/{callId}`. */
  path: string;
  tag: Tag;
  operationId: string;
  summary: string;
  description?: string;
  parameters?: Parameter[];
  body?: { required: boolean; content: Content };
  /** Answers that are not problems, by HTTP status. */
  answers: Record<number, { description: string; headers?: object; content?: Content }>;
  /** Problems of this route. Those of authentication and rate limits are added for all that are not open. */
  problems?: ProblemName[];
  serve: (tools: ApiTools) => (c: ApiContext) => Response | Promise<Response>;
}

/** The groups of the document, in its order. */
export const tags = {
  Calls: 'Start calls, follow them, control them.',
  Batches: 'Many calls at once, and redials of calls that failed.',
  Events: 'Every end of an attempt and of a call, in one sequence.',
  'Bulk operations': 'Cancel, retry, pause or resume many calls.',
  Statistics: 'What became of the calls, and why some are not ringing.',
  Notifications: 'Notifications that were not delivered.',
  'Do not call': 'Numbers that must not be called, and numbers that do not exist.',
  Privacy: 'Remove what is kept of a number.',
  Dialing: 'Limits, pause and circuit breaker of the account.',
  Twilio: 'What Twilio calls.',
  Operation: 'Health and metrics.',
  Pages: 'Pages for people.',
} as const;
export type Tag = keyof typeof tags;

/** A zod schema, or a JSON Schema where zod cannot say it. */
export type Schema = z.ZodType | Record<string, unknown>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: true;
  description: string;
  schema: Schema;
  example?: unknown;
}

/** By media type. */
export type Content = Record<string, { schema: Schema; example?: unknown }>;

export function jsonContent(schema: Schema, example?: unknown): Content {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } };
}

/** Parameters of the query, from the rules by which `readQuery` checks them. */
export function queryParameters(rules: Record<string, QueryParameter>): Parameter[] {
  return Object.entries(rules).map(([name, { description, schema }]) => ({
    name,
    in: 'query',
    description,
    schema,
  }));
}

/** The header `Location` of an answer; `what` can be read there. */
export const locationOf = (what: string) => ({
  Location: { description: `The URL of the ${what}.`, schema: { type: 'string', format: 'uri' } },
});
