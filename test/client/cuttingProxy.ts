import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before a server, which cuts connections as a test wants. */
export interface CuttingProxy {
  url: string;
  /** How many answers are lost from now on: the request reaches the server, and the connection breaks after it. */
  cutAnswers: number;
  /** Answers that were lost. */
  cut: number;
  /** Cuts every connection, and refuses new ones until `open`. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let server: Server;
  let port = 0;
  const serve = (client: Socket) => {
    const upstream = connect(Number(targetPort), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (data) => {
      if (proxy.cutAnswers === 0) return client.write(data);
      proxy.cutAnswers--;
      proxy.cut++;
      return client.destroy();
    });
  };
  const proxy: CuttingProxy = {
    url: '',
    cutAnswers: 0,
    cut: 0,
    async shut() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
    async open() {
      server = createServer(serve).listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
      proxy.url = `http://127.0.0.1:${port}`;
    },
  };
  await proxy.open();
  return proxy;
}
