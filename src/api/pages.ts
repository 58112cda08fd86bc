import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApiContext, ApiTools } from './http/apiDependencies.js';
import { problem } from './http/problem.js';
import { requestTarget } from './http/requestTarget.js';
import type { Route } from './http/route.js';

/** A browser may load only files of this server. Swagger UI also needs images from data: URLs. */
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
<div id="api">This page needs JavaScript. <a href="openapi.json">openapi.json</a> has the same content.</div>
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

/** The files of the pages, by name. No other file is served. */
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

/**
 * The routes of the pages. `/docs/{file}` is not among them, because the document does not describe files.
 */
export const pageRoutes: Route[] = [
  {
    method: 'get',
    path: '/docs',
    open: true,
    tag: 'Pages',
    operationId: 'docs',
    summary: 'Read this document as a page',
    answers: { 200: { description: 'The page.', content: { 'text/html': { schema: {} } } } },
    serve: () => apiPage,
  },
  {
    method: 'get',
    path: '/',
    open: true,
    tag: 'Pages',
    operationId: 'front',
    summary: 'See where to go from here',
    answers: { 200: { description: 'The front page.', content: { 'text/html': { schema: {} } } } },
    serve: frontPage,
  },
];

function apiPage(c: ApiContext): Response {
  // The links of the page are relative, so that they work behind any path prefix.
  if (requestTarget(c).split('?', 1)[0]?.endsWith('/')) return c.redirect('../docs');
  return c.html(docsPage);
}

/** `GET /docs/{file}` */
export async function apiPageAsset(c: ApiContext): Promise<Response> {
  const name = c.req.param('file') ?? '';
  if (!Object.hasOwn(assets, name)) return problem(c, 'not-found', 'The pages have no such file.');
  const { type, content } = assets[name] as (typeof assets)[string];
  c.header('Content-Type', `${type}; charset=utf-8`);
  c.header('Cache-Control', 'public, max-age=3600');
  return c.body(await content());
}

function frontPage({ temporalUiUrl, apiTokens }: ApiTools) {
  const temporal = temporalUiUrl
    ? `<dt><a href="${escaped(temporalUiUrl)}">Temporal</a></dt><dd>Each call is a workflow there. Its id is the call id.</dd>`
    : '';
  const token = apiTokens.length > 0 ? ' Needs a bearer token.' : '';
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
<dt><a href="docs">The calls API</a></dt><dd>Every request and answer, to read and to try. As data: <a href="openapi.json">openapi.json</a>.</dd>
<dt><a href="calls">GET /calls</a></dt><dd>Recorded calls, newest first.${token}</dd>
${temporal}
<dt><a href="readyz">GET /readyz</a></dt><dd>Whether this server is ready.</dd>
</dl>
`;
  return (c: ApiContext): Response => c.html(page) as Response;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
