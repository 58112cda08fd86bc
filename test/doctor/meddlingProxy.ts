import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy does to a request, and to an answer, before it passes them on. */
export interface Meddling {
  /** The path and query that it requests. */
  target?: (target: string) => string;
  body?: (body: string) => string;
  /** Answers itself. */
  answer?: { status: number; headers?: Record<string, string>; body?: string };
  /** Headers that replace those of the answer. */
  headers?: Record<string, string>;
}

/** A proxy in front of `upstream`. `meddle` may be replaced at any time. */
export async function startMeddlingProxy(upstream: string) {
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { target = (same) => same, body = (same) => same, answer, headers = {} } = proxy.meddling;
    if (answer) return response.writeHead(answer.status, answer.headers).end(answer.body);
    const { host: _, connection: __, 'content-length': ___, ...sent } = request.headers;
    const passed = await fetch(upstream + target(request.url ?? '/'), {
      method: request.method ?? 'GET',
      headers: sent as Record<string, string>,
      ...(chunks.length > 0 && { body: body(Buffer.concat(chunks).toString()) }),
    });
    const text = await passed.text();
    const received = Object.fromEntries(
      [...passed.headers].filter(([name]) => /^(content-type|date)$/.test(name)),
    );
    response.writeHead(passed.status, { ...received, ...headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    meddling: {} as Meddling,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
  return proxy;
}
