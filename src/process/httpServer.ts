import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { serve } from '@hono/node-server';
import { isPortTaken } from './freePort.js';

/** Requests still under way at a stop get so long. */
const finishWithinMs = 20_000;

/**
 * What one connection may take, and how many there may be: a client that sends its request byte by byte, or nothing
 * at all, is cut off, and further connections are closed at once. Answers may take as long as they need.
 */
export interface ConnectionLimits {
  headersWithinMs: number;
  requestWithinMs: number;
  /** Requests that may take long to come in: files. `requestWithinMs` when absent. */
  uploads?: { matches: (request: IncomingMessage) => boolean; withinMs: number };
  connections: number;
}

const standardLimits: ConnectionLimits = {
  headersWithinMs: 10_000,
  requestWithinMs: 30_000,
  // A file of a million calls is checked and stored as it comes in.
  uploads: {
    matches: ({ method, url = '' }) => method === 'POST' && /^\/batches\/?(\?|$)/.test(url),
    withinMs: 30 * 60_000,
  },
  connections: 10_000,
};

export interface HttpServer {
  port: number;
  /** Takes no new requests, lets those under way finish, then closes. */
  close(): Promise<void>;
}

/** The address cannot be listened on: another program has it, or this machine does not. A person has to choose another. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

/** Serves over HTTP. `variable` is what sets the port, for the message when it is taken. */
export function listen(
  app: { fetch: Parameters<typeof serve>[0]['fetch'] },
  at: { host: string; port: number; what: string; variable: string },
  limits = standardLimits,
): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      headersTimeout: limits.headersWithinMs,
      // Node knows one limit for all requests.
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
        // Who was refused already has no file to send any more.
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

/** As Node does it itself: a request that is not there as a whole in time is answered 408, and its connection closed. */
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
  // Of the request, since a connection may carry thousands of them.
  request.once('close', () => clearTimeout(timer));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const hurry = setTimeout(() => server.closeAllConnections(), finishWithinMs);
    server.close(() => {
      clearTimeout(hurry);
      resolve();
    });
    server.closeIdleConnections();
  });
}
