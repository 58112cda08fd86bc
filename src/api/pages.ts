import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApiContext } from './http/apiDependencies.js';
import { problem } from './http/problem.js';
import { requestTarget } from './http/requestTarget.js';
import type { Route } from './http/route.js';
import { frontPage } from './operations-page/operationsPage.js';

/** A browser may load only files of this server. Swagger UI also needs images from data: URLs. */
export const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
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
    summary: 'See and control the calls as a page',
    description: 'The operations page. With tokens, a person signs in there with one of them.',
    answers: { 200: { description: 'The page, or its sign-in.', content: { 'text/html': { schema: {} } } } },
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
