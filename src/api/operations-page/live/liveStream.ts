import { streamSSE } from 'hono/streaming';
import type { ApiContext, ApiTools } from '../../http/apiDependencies.js';
import { problem } from '../../http/problem.js';
import { readSession } from '../session/sessionCookie.js';
import { zoneOf } from '../view/zone.js';
import { type LiveEvent, LiveViews } from './liveViews.js';

/** Proxies commonly end a connection on which nothing came for a minute, some earlier. */
const beatEveryMs = 10_000;
const longestTarget = 2_000;

/** `GET /ui/live?view=TARGET`: server-sent events about the page at this path and query of this server. */
export function liveStream(tools: ApiTools) {
  const views = new LiveViews(tools);
  return (c: ApiContext): Response => {
    const target = pageTarget(c.req.query('view') ?? '');
    if (target === null)
      return problem(
        c,
        'bad-request',
        'The parameter view must be the path and query of a page, such as /ui/calls.',
      );
    if (tools.apiTokens.length === 0 && !tools.access.admits(c))
      return problem(c, 'not-local', 'Without RINGTRUE_API_TOKENS the page serves only this machine.');
    const session = () => (tools.apiTokens.length === 0 ? null : readSession(c, tools.apiTokens));
    const first = session();
    // Nginx would collect events before it passes them on. Source: nginx, X-Accel-Buffering.
    c.header('X-Accel-Buffering', 'no');
    c.header('Cache-Control', 'no-store, no-transform');
    const response = streamSSE(c, async (stream) => {
      if (typeof first === 'string') {
        await stream.writeSSE({ event: 'ended', data: '' });
        return;
      }
      let pending: LiveEvent | null = null;
      let wake = () => {};
      const gone = new AbortController();
      stream.onAbort(() => {
        gone.abort();
        wake();
      });
      const stop = () => {
        gone.abort();
        wake();
      };
      tools.stopping?.addEventListener('abort', stop);
      const remove = views.add({
        target,
        client: first,
        zone: zoneOf(c),
        onEvent: (event) => {
          pending = event;
          wake();
        },
      });
      try {
        await stream.writeSSE({ event: 'beat', data: '', retry: 2_000 });
        while (!gone.signal.aborted && !tools.stopping?.aborted) {
          if (pending === null)
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, beatEveryMs);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
          const next: LiveEvent | null = pending;
          pending = null;
          if (typeof session() === 'string') {
            await stream.writeSSE({ event: 'ended', data: '' });
            return;
          }
          await stream.writeSSE(messageOf(next));
        }
      } finally {
        remove();
        tools.stopping?.removeEventListener('abort', stop);
      }
    });
    return response;
  };
}

function messageOf(event: LiveEvent | null): { event: string; data: string } {
  if (event === null) return { event: 'beat', data: '' };
  return { event: event.event, data: event.event === 'view' ? JSON.stringify(event.html) : '' };
}

/** Null if it is not the target of a page. */
function pageTarget(text: string): string | null {
  if (text.length > longestTarget || !text.startsWith('/')) return null;
  const base = 'http://localhost';
  if (!URL.canParse(`${base}${text}`)) return null;
  const { origin, pathname, search } = new URL(`${base}${text}`);
  const isPage = pathname === '/' || /^\/ui\/(?!live$|files\/)/.test(pathname);
  return origin === base && isPage ? `${pathname}${search}` : null;
}
