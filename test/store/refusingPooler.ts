import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * The server's answer to a start-up message that a pooler does not take. Source: PostgreSQL, "Message
 * Formats".
 */
function refusal(parameter: string): Buffer {
  const fields = [`SFATAL`, 'C08P01', `Munsupported startup parameter: ${parameter}`, ''];
  const body = Buffer.from(`${fields.join('\0')}\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/**
 * A proxy before a PostgreSQL server that refuses connections with a `statement_timeout`, as PgBouncer does.
 */
export async function refusingPooler(serverPort: number): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const pooler = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.once('data', (startUp) => {
      if (startUp.includes('statement_timeout')) {
        client.end(refusal('statement_timeout'));
        return;
      }
      const server = connect(serverPort, '127.0.0.1');
      sockets.add(server);
      server.on('error', () => client.destroy());
      server.write(startUp);
      client.pipe(server).pipe(client);
    });
  }).listen(0, '127.0.0.1');
  await once(pooler, 'listening');
  return {
    port: (pooler.address() as { port: number }).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      pooler.close();
      await once(pooler, 'close');
    },
  };
}
