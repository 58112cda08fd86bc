import { z } from 'zod';
import type { Ringtrue } from '../client/ringtrue.js';

export type JsonSchema = Record<string, unknown> & { type: 'object' };

/** What a tool may use. */
export interface ToolContext {
  ringtrue: Ringtrue;
  /** Aborted once the client of the tool gives up. */
  signal: AbortSignal;
  /** Tells the client of the tool how far it is. Does nothing if that did not ask for it. */
  report(message: string): void;
}

/** What a tool answers: a sentence for people, and the same as data. */
export interface ToolAnswer {
  message: string;
  data: Record<string, unknown>;
}

/** A tool of the MCP server. */
export interface Tool {
  name: string;
  title: string;
  description: string;
  /** Hints of the protocol. Source: Model Context Protocol, ToolAnnotations. */
  annotations: {
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
  run(input: Record<string, unknown>, context: ToolContext): Promise<ToolAnswer>;
}

/** Hints of a tool that changes nothing. */
export const readOnly = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
} as const;

/** The arguments of a tool are wrong. */
export class WrongArguments extends Error {
  override readonly name = 'WrongArguments';
}

/** The arguments by the schema. Throws `WrongArguments`, which names every fault. */
export function checked<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new WrongArguments(`The arguments are wrong:\n${z.prettifyError(parsed.error)}`);
}

/** JSON Schema of what a tool takes. */
export function inputSchemaOf(type: z.ZodType): JsonSchema {
  const { $schema, $ref, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  // A schema with a name of its own is only referred to. The protocol wants an object at the top.
  const own = schema.$defs?.[$ref?.replace('#/$defs/', '') ?? ''] as object | undefined;
  return { ...own, ...schema, type: 'object' };
}

/**
 * JSON Schema of what a tool gives. Its lists of values are examples: a later version of the API may have more, and
 * clients refuse an answer that is not as its schema says.
 */
export function outputSchemaOf(type: z.ZodType): JsonSchema {
  return opened(inputSchemaOf(type)) as JsonSchema;
}

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) =>
      name === 'enum' && Array.isArray(inner) ? ['examples', inner] : [name, opened(inner)],
    ),
  );
}

export const callIdField = z
  .string()
  .min(1)
  .meta({ description: 'The callId that place_call or list_calls returned.' });
