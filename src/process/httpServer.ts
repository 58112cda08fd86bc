import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { serve } from '@hono/node-server';
import { isPortTaken } from './freePort.js';

/** How long a stop waits for requests that are being answered. */
const finishWithinMs = 20_000;
const sweepEveryMs = 50;

/**
 * How long one connection may take to send a request, and how many connections there may be. A client that
 * sends its request byte by byte, or nothing at all, is cut off. Answers may take as long as they need.
 */
export interface ConnectionLimits {
  headersWithinMs: number;
  requestWithinMs: number;
  /** Requests that may take long to arrive, because they carry files; absent: none. */
  uploads?: { matches: (request: IncomingMessage) => boolean; withinMs: number };
  connections: number;
  /** How long an idle connection stays open. */
  idleMs: number;
}

const standardLimits: ConnectionLimits = {
  headersWithinMs: 10_000,
  requestWithinMs: 30_000,
  // A file of a million calls is checked and stored while it arrives.
  uploads: {
    matches: ({ method, url = '' }) => method === 'POST' && /^\/batches\/?(\?|$)/.test(url),
    withinMs: 30 * 60_000,
  },
  connections: 10_000,
  // Proxies and balancers reuse idle connections for a minute, Google's for ten. One that is closed here at
  // the moment when it is used again costs a request, which is then answered 502.
  idleMs: 620_000,
};

export interface HttpServer {
  port: number;
  /** Takes no new requests, finishes the others, then closes. */
  close(): Promise<void>;
}

/**
 * Another program listens on the address, or it is not one of this machine. The configuration must change.
 */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

/** Serves over HTTP. Throws `CannotListen`, which names `variable` as what sets the port. */
export function listen(
  app: { fetch: Parameters<typeof serve>[0]['fetch'] },
  at: { host: string; port: number; what: string; variable: string },
  limits = standardLimits,
): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      // Counts from the first byte of a request, not while a connection is idle.
      headersTimeout: limits.headersWithinMs,
      keepAliveTimeout: limits.idleMs,
      // Node has one limit for all requests.
      requestTimeout: limits.uploads?.withinMs ?? limits.requestWithinMs,
      connectionsCheckingInterval: limits.headersWithinMs / 4,
    };
    const server = serve({ fetch: app.fetch, hostname: at.host, port: at.port, serverOptions }, ({ port }) =>
      resolve({ port, close: () => close(server) }),
    ) as Server;
    server.maxConnections = limits.connections;
    const { uploads } = limits;
    if (uploads)
      server.prependListener('request', (request, response) => {
        // A client whose upload was refused has nothing more to send.
        if (uploads.matches(request)) response.once('close', () => cutOffLater(request, response, limits));
        else cutOffLater(request, response, limits);
      });
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CannotListen(
          isPortTaken(error)
            ? `Port ${at.port} on ${at.host} is in use, so the ${at.what} cannot listen there: stop what listens on it, or set ${at.variable} to another port.`
            : `The ${at.what} cannot listen on ${at.host}:${at.port} (${error.code ?? error.message}): set HOST and ${at.variable} to an address of this machine.`,
        ),
      ),
    );
  });
}

/** As Node does it: answers 408 to a request that is not complete in time, and closes the connection. */
function cutOffLater(
  request: IncomingMessage,
  response: ServerResponse,
  { requestWithinMs }: ConnectionLimits,
): void {
  if (request.complete) return;
  const { socket } = request;
  const timer = setTimeout(() => {
    if (request.complete) return;
    if (socket.writable && !response.headersSent)
      socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    socket.destroy();
  }, requestWithinMs);
  timer.unref();
  // On the request, because a connection may carry thousands of them.
  request.once('close', () => clearTimeout(timer));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const hurry = setTimeout(() => server.closeAllConnections(), finishWithinMs);
    // A connection whose last request is answered would stay open as an idle one.
    const sweep = setInterval(() => server.closeIdleConnections(), sweepEveryMs);
    server.close(() => {
      clearTimeout(hurry);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}
