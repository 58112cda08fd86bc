import type { ApiContext } from '../../http/apiDependencies.js';

/**
 * Null if the request comes from a page of this server; otherwise why not. Browsers name the origin with every
 * POST, and no page can change what they name.
 *
 * Behind a proxy the host of this request may be another one than the browser knows. So three names count: the
 * host of the request, the host that the proxy says it had before, and the host of the public URL. A page of
 * another origin cannot set any of them.
 */
export function whyNotOwnOrigin(c: ApiContext, publicUrl: string | null): string | null {
  const origin = c.req.header('Origin');
  if (origin === undefined) return 'names no origin';
  if (!URL.canParse(origin)) return 'comes from a page without an origin';
  const { protocol, host } = new URL(origin);
  const names = [
    c.req.header('Host') ?? new URL(c.req.url).host,
    ...(c.req.header('X-Forwarded-Host') ?? '').split(',').map((name) => name.trim()),
  ].map((name) => `${protocol}//${name}`);
  const own = [...names, publicUrl ?? ''].filter((url) => URL.canParse(url)).map((url) => new URL(url).host);
  if (!own.includes(host)) return 'comes from a page of another origin';
  // Source: W3C, Fetch Metadata Request Headers. Browsers leave it out over plain http.
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined && site !== 'same-origin') return 'comes from a page of another origin';
  return null;
}
