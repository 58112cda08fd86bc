import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApiContext, ApiTools } from './http/apiDependencies.js';
import { problem } from './http/problem.js';

/**
 * What every answer may load and do in a browser: only what this server itself serves. Swagger UI needs images
 * from data: URLs.
 */
export const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

const swaggerFiles = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const docsPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>ringtrue: the calls API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="api">This page needs JavaScript; the same can be read at <a href="openapi.json">openapi.json</a>.</div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
`;

const startScript = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });
`;

const pageStyle = `body { font: 1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem; color: #1d2733; background: #fff; }
h1 { font-size: 1.75rem; margin-bottom: 0; }
code { background: #eef1f4; padding: .1em .3em; border-radius: .2em; }
a { color: #0b5cad; }
dt { margin-top: 1rem; font-weight: 600; }
dd { margin: 0; }
@media (prefers-color-scheme: dark) { body { color: #dde3ea; background: #14181d; } code { background: #262d36; } a { color: #7db8f0; } }
`;

/** The few files that the API page is made of, by name; nothing else of the disk is served. */
const assets: Record<string, { type: string; content: () => Promise<string> | string }> = {
  'swagger-ui.css': {
    type: 'text/css',
    content: () => readFile(join(swaggerFiles, 'swagger-ui.css'), 'utf8'),
  },
  'swagger-ui-bundle.js': {
    type: 'text/javascript',
    content: () => readFile(join(swaggerFiles, 'swagger-ui-bundle.js'), 'utf8'),
  },
  'start.js': { type: 'text/javascript', content: () => startScript },
  'page.css': { type: 'text/css', content: () => pageStyle },
};

/** `GET /docs`: the API, readable and to be tried out; everything it loads comes from this server. */
export function apiPage(c: ApiContext): Response {
  return c.html(docsPage);
}

/** `GET /docs/{file}` */
export async function apiPageAsset(c: ApiContext): Promise<Response> {
  const name = c.req.param('file') ?? '';
  if (!Object.hasOwn(assets, name)) return problem(c, 'not-found', 'The API page has no such file.');
  const { type, content } = assets[name] as (typeof assets)[string];
  c.header('Content-Type', `${type}; charset=utf-8`);
  c.header('Cache-Control', 'public, max-age=3600');
  return c.body(await content());
}

/** `GET /`: where to go from here. */
export function frontPage({ temporalUiUrl, apiTokens }: ApiTools) {
  const temporal = temporalUiUrl
    ? `<dt><a href="${escaped(temporalUiUrl)}">Temporal</a></dt><dd>Each call is a workflow there; its id is the call id.</dd>`
    : '';
  const token = apiTokens.length > 0 ? ' Asks for a bearer token.' : '';
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>ringtrue</title>
<link rel="stylesheet" href="docs/page.css">
<h1>ringtrue</h1>
<p>Outbound calls whose outcome is what really happened.</p>
<dl>
<dt><a href="docs">The calls API</a></dt><dd>Every request and answer, to read and to try out; as data: <a href="openapi.json">openapi.json</a>.</dd>
<dt><a href="calls">GET /calls</a></dt><dd>The calls on record, newest first.${token}</dd>
${temporal}
<dt><a href="readyz">GET /readyz</a></dt><dd>Whether this server can serve.</dd>
</dl>
`;
  return (c: ApiContext): Response => c.html(page) as Response;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
