import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import {
  EncryptionCodec,
  MissingEncryptionKey,
  UndecipherablePayload,
} from '../../encryption/encryptionCodec.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, readBody } from '../http/jsonBody.js';
import { limitBody } from '../http/limitBody.js';
import { invalidRequest, problem } from '../http/problem.js';
import { jsonContent, type Route, rolesFor } from '../http/route.js';

/** Payloads of a whole history come in one request. */
const limitBytes = 8 * 1024 * 1024;

const base64 = () => z.base64().meta({ description: 'Base64.' });
const payloadsSchema = z
  .object({
    payloads: z
      .array(z.object({ metadata: z.record(z.string(), base64()).default({}), data: base64().default('') }))
      .max(10_000)
      .default([]),
  })
  .meta({ id: 'Payloads', description: "Temporal's payloads, as its UI and CLI send them." });

const example = { payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'ImhlbGxvIg==' }] };

/** The codec server of Temporal's UI and CLI. Source: Temporal documentation, "Codec Server". */
export const codecRoutes: Route[] = [
  codecRoute('decode', "Decrypt payloads for Temporal's UI and CLI", 'Payloads that are not encrypted stay.'),
  codecRoute('encode', "Encrypt payloads for Temporal's UI and CLI", 'Without keys they stay as they are.'),
];

function codecRoute(name: 'decode' | 'encode', summary: string, description: string): Route {
  return {
    method: 'post',
    path: `/codec/${name}`,
    roles: rolesFor.readingPayloads,
    tag: 'Operation',
    operationId: `${name}Payloads`,
    summary,
    description,
    body: { required: true, content: jsonContent(payloadsSchema, example) },
    answers: {
      200: {
        description: 'The payloads, in the same sequence.',
        content: jsonContent(payloadsSchema, example),
      },
    },
    problems: [...bodyProblems],
    serve: (tools) => convert(tools, name),
  };
}

/** True for a request to the codec, which may be longer than others. */
export function isCodecRequest(c: ApiContext): boolean {
  return c.req.path.startsWith('/codec/');
}

export const limitCodecBody = limitBody(limitBytes, (c) =>
  problem(c, 'too-large', `Payloads may have at most ${limitBytes} bytes together.`),
);

function convert({ encryption }: ApiTools, name: 'decode' | 'encode') {
  // Not the codec of the API's own client: a key that a stranger names is not missing here.
  const codec = new EncryptionCodec(encryption?.keys ?? []);
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, payloadsSchema);
    if ('refusal' in body) return body.refusal;
    const converted: Payload[] = [];
    for (const [index, payload] of body.input.payloads.entries())
      try {
        converted.push(...(await codec[name]([fromJson(payload)])));
      } catch (error) {
        if (!(error instanceof MissingEncryptionKey || error instanceof UndecipherablePayload)) throw error;
        return invalidRequest(c, [{ path: `payloads.${index}`, message: whyNot(error) }]);
      }
    c.header('Cache-Control', 'no-store');
    return c.json({ payloads: converted.map(toJson) });
  };
}

function whyNot(error: MissingEncryptionKey | UndecipherablePayload): string {
  return error instanceof MissingEncryptionKey
    ? `is encrypted with the key ${error.keyId}, which RINGTRUE_ENCRYPTION_KEYS of the API does not have`
    : `cannot be decrypted: ${error.message}`;
}

type JsonPayload = z.output<typeof payloadsSchema>['payloads'][number];

function fromJson({ metadata, data }: JsonPayload): Payload {
  const entries = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data, 'base64') };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data ?? []).toString('base64') };
}
