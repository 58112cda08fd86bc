import { createServer } from 'node:net';

/** Returns a port on which nothing listens at this moment. */
export function freePort(host: string): Promise<number> {
  return listenOnce(host, 0);
}

/**
 * Does nothing listen there? Asked before a server starts, because an older one could answer its health
 * check.
 */
export async function isFree(host: string, port: number): Promise<boolean> {
  try {
    await listenOnce(host, port);
    return true;
  } catch (error) {
    if (isPortTaken(error)) return false;
    throw error;
  }
}

export function isPortTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
