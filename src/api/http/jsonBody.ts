import { z } from 'zod';
import { faultsOf, limitFaults, must } from '../../../activities/validation/fault.js';
import type { ApiContext } from './apiDependencies.js';
import { invalidRequest, problem } from './problem.js';

/** The body of a request that takes no input. */
export const emptyBodySchema = z.strictObject({}, must('an empty JSON object, or no body at all'));

/** The problems of every request with a body. */
export const bodyProblems = ['not-json', 'too-large', 'unsupported-media-type', 'invalid-request'] as const;

/**
 * The JSON body of the request as this schema has it, or the answer that refuses it. An empty body is allowed
 * if `optional`, and counts as `{}`.
 */
export async function readBody<Schema extends z.ZodObject>(
  c: ApiContext,
  schema: Schema,
  { optional = false } = {},
): Promise<{ input: z.output<Schema> } | { refusal: Response }> {
  const isEmpty = optional && (await c.req.arrayBuffer()).byteLength === 0;
  const json = isEmpty ? { body: {} } : await readJson(c);
  if ('refusal' in json) return json;
  const parsed = schema.safeParse(json.body);
  if (parsed.success) return { input: parsed.data };
  const faults = faultsOf(parsed.error.issues, json.body, { root: Object.keys(schema.shape) });
  return { refusal: invalidRequest(c, limitFaults(faults)) };
}

/** The JSON body of the request, or the answer that refuses it. */
export async function readJson(c: ApiContext): Promise<{ body: unknown } | { refusal: Response }> {
  const type = c.req.header('Content-Type');
  if (!/^application\/([^;\s]+\+)?json\s*(;|$)/i.test(type ?? ''))
    return {
      refusal: problem(
        c,
        'unsupported-media-type',
        `The body came ${type === undefined ? 'without a Content-Type' : 'as another Content-Type'}. Send JSON with Content-Type: application/json.`,
        { headers: { Accept: 'application/json' } },
      ),
    };
  if (!/^(identity)?$/i.test(c.req.header('Content-Encoding') ?? ''))
    return {
      refusal: problem(
        c,
        'unsupported-media-type',
        'The body came with a Content-Encoding. Send it uncompressed.',
        { headers: { 'Accept-Encoding': 'identity' } },
      ),
    };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await c.req.arrayBuffer());
    return { body: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return {
      refusal: problem(
        c,
        'not-json',
        `The body cannot be read as JSON in UTF-8 (${error instanceof SyntaxError ? error.message : 'not UTF-8'}). Correct it and send it again.`,
      ),
    };
  }
}
