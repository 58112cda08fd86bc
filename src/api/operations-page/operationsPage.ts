import type { Hono } from 'hono';
import type { ApiContext, ApiEnv, ApiTools } from '../http/apiDependencies.js';
import { healthReader } from './health/healthReader.js';
import { liveStream } from './live/liveStream.js';
import { nowPage } from './now/nowPage.js';
import { pages } from './pages.js';
import { serveFile } from './shell/files.js';
import { notFoundPage } from './shell/notFoundPage.js';
import { type Shell, servePage } from './shell/servePage.js';

const shells = new WeakMap<ApiTools, Shell>();

function shellOf(tools: ApiTools): Shell {
  const known = shells.get(tools) ?? { tools, health: healthReader(tools) };
  shells.set(tools, known);
  return known;
}

/** `GET /` */
export function frontPage(tools: ApiTools): (c: ApiContext) => Promise<Response> {
  return servePage(shellOf(tools), nowPage);
}

/** Adds every page, their files, and the stream that keeps them up to date. */
export function addOperationsPage(app: Hono<ApiEnv>, tools: ApiTools): void {
  const shell = shellOf(tools);
  app.get('/ui/files/:file', serveFile);
  app.get('/ui/live', liveStream(tools));
  for (const page of pages) {
    const serve = servePage(shell, page);
    app.post(page.path, serve);
    // The front page is also described by the API, and served by that route.
    if (page !== nowPage) app.get(page.path, serve);
  }
  app.all('/ui/*', servePage(shell, notFoundPage));
}
