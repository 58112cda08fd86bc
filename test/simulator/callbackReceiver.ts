import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that reached the receiver. */
export interface Received {
  method: string;
  /** As the receiver saw it: path and query. */
  url: string;
  headers: IncomingMessage['headers'];
  params: Record<string, string>;
  at: number;
}

/** A customer's web server: keeps what it is sent, and answers as it is told. */
export interface CallbackReceiver {
  origin: string;
  received: Received[];
  /** Status to answer the nth request with (from 0); `hang` for never; 204 unless set. */
  answer: (index: number) => number | 'hang';
  /** Resolves with all that came, once `count` requests match. */
  waitFor(count: number, matches?: (one: Received) => boolean): Promise<Received[]>;
  close(): Promise<void>;
}

/** Listens on this port; 0: any. */
export async function startReceiver(port = 0): Promise<CallbackReceiver> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = request.url ?? '';
    const form = request.method === 'GET' ? new URL(url, 'http://x').searchParams : new URLSearchParams(body);
    const answer = receiver.answer(receiver.received.length);
    receiver.received.push({
      method: request.method ?? '',
      url,
      headers: request.headers,
      params: Object.fromEntries(form),
      at: Date.now(),
    });
    if (answer !== 'hang') response.writeHead(answer).end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const receiver: CallbackReceiver = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: () => 204,
    async waitFor(count, matches = () => true) {
      await until(() => receiver.received.filter(matches).length >= count);
      return receiver.received.filter(matches);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

/** Waits until the condition holds; fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('What was waited for did not come about within ten seconds.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
