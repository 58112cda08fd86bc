import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { transformOas3Operations } from '@stoplight/http-spec/oas3/operation';
import { createServer } from '@stoplight/prism-http-server';
import { pino } from 'pino';

const require = createRequire(import.meta.url);

interface Description {
  paths: Record<string, unknown>;
}

/** A proxy that holds every request and every answer to Twilio's official OpenAPI description. */
export interface ValidatingProxy {
  origin: string;
  close(): Promise<void>;
}

/** The node with every reference of the document followed. Twilio's descriptions have no circular ones. */
function dereferenced(node: unknown, document: object): unknown {
  if (Array.isArray(node)) return node.map((item) => dereferenced(item, document));
  if (typeof node !== 'object' || node === null) return node;
  if ('$ref' in node && typeof node.$ref === 'string') {
    const steps = node.$ref.split('/').slice(1);
    const target = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
    return dereferenced(target, document);
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, dereferenced(value, document)]));
}

/**
 * Puts Prism between a client and `upstream`. A request that the description does not allow comes back as 422 or
 * 401, an answer that it does not allow as 500, each with the violations.
 */
export async function startPrism(
  description: 'api_v2010' | 'lookups_v2' | 'voice_v1',
  paths: RegExp,
  upstream: string,
): Promise<ValidatingProxy> {
  const file = require.resolve(`@twilio-alpha/mcp/twilio-oai/spec/json/twilio_${description}.json`);
  const document = JSON.parse(readFileSync(file, 'utf8'), withoutKnownTraps) as Description;
  const chosen = Object.entries(document.paths)
    .filter(([path]) => paths.test(path))
    .map(([path, item]) => [path, dereferenced(item, document)]);
  const operations = transformOas3Operations({ ...document, paths: Object.fromEntries(chosen) });
  const server = createServer(operations, {
    components: { logger: pino({ level: 'silent' }) as never },
    config: {
      isProxy: true,
      upstream: new URL(upstream),
      upstreamProxy: undefined,
      checkSecurity: true,
      validateRequest: true,
      validateResponse: true,
      errors: true,
      mock: { dynamic: false },
    },
    cors: false,
  });
  return { origin: await server.listen(0, '127.0.0.1'), close: () => server.close() };
}

/**
 * Where the description has to be read with care.
 *
 * - Paths of pages are declared `format: uri`, although Twilio answers, and shows in its examples, `/2010-04-01/…`.
 * - A repeated form field is OpenAPI's default for an array, but Prism reads it so only where it is said.
 */
function withoutKnownTraps(key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (/^((first|next|previous)_page_uri|uri)$/.test(key) && 'format' in value)
    return { ...value, format: undefined };
  if (key === 'application/x-www-form-urlencoded' && 'schema' in value) {
    return { ...value, encoding: { StatusCallbackEvent: { style: 'form', explode: true } } };
  }
  return value;
}
