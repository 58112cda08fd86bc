import { isLoopback } from '../../config/isLoopback.js';
import type { Access, ApiContext } from '../http/apiDependencies.js';
import { problem } from '../http/problem.js';

/**
 * Headers that proxies and tunnels add: where a request came from, and what it was before they changed it.
 * Clients on this machine send none of them.
 */
const forwardingHeaders: readonly RegExp[] = [
  /forwarded|^x-forward-|^(x-)?via$|^cdn-loop$|^front-end-https$|(^|-)proxy(-|$)/,
  // X-Real-IP, CF-Connecting-IP, True-Client-IP, X-Azure-ClientIP, Remote-Addr, X-Envoy-External-Address …
  /(client|real)-?ip|(^|[-_])ip(v[46])?$|[-_]addr(ess)?$/,
  /^x-(original|originating|rewrite|host|scheme|url-scheme|remote|envoy|azure|arr|appengine|vercel|nf)(-|$)/,
  /^(x-amzn-trace-id|x-cloud-trace-context|x-request-start|x-varnish|surrogate-capability)$/,
  /^(cf|cloudfront|x-amz-cf|fly|fastly|akamai|x-akamai|ngrok|x-tunnel|tailscale)-/,
];

/**
 * Without tokens, admits only requests from this machine that came directly. A request that a proxy or tunnel
 * passed on may come from anyone, whatever host it names. A page in a browser of this machine may act for
 * anyone too, by DNS rebinding or a form that needs no answer; pages of these `origins` may not.
 */
export function onlyLocal(origins: readonly string[] = []): Access {
  return {
    admits: (c) => whyNotLocal(c, origins) === null,
    refusal: () => null,
    recognize: async (c) => problem(c, 'not-local', 'Without RINGTRUE_API_TOKENS there is no token.'),
    guard: async (c, next) => {
      const why = whyNotLocal(c, origins);
      if (why === null) return next();
      return problem(
        c,
        'not-local',
        `Without RINGTRUE_API_TOKENS this serves only this machine, and this request ${why}. Send it directly to localhost, 127.0.0.1 or [::1], or set tokens and send one.`,
      );
    },
  };
}

/** Null if the request comes from this machine. */
function whyNotLocal(c: ApiContext, origins: readonly string[]): string | null {
  // Absent if a test gives the app a request without a server.
  const incoming = c.env?.incoming;
  if (incoming && !isLoopback(incoming.socket.remoteAddress ?? '')) return 'comes from another machine';
  const forwarded = Object.keys(c.req.header()).find((name) =>
    forwardingHeaders.some((header) => header.test(name)),
  );
  if (forwarded !== undefined)
    return `came through a proxy or tunnel, because it has the header ${forwarded}`;
  const { protocol, hostname, host } = new URL(c.req.url);
  if (!isLoopback(hostname)) return 'names another host';
  if (incoming && !isHost(incoming.headersDistinct.host, protocol, host))
    return 'has no Host header, several of them, or one that differs from its target';
  const origin = c.req.header('Origin');
  if (origin !== undefined && origins.includes(origin)) return null;
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host))
    return 'comes from a web page of another origin';
  return null;
}

/** Is there one Host header, and does it name the host of the target? */
function isHost(headers: string[] | undefined, protocol: string, host: string): boolean {
  const named = `${protocol}//${headers?.[0]}`;
  return headers?.length === 1 && URL.canParse(named) && new URL(named).host === host;
}
