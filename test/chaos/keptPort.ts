import { isFree } from '../../src/temporal/freePort.js';

/**
 * A free port that stays free while its process is down: below the ports that systems give to outgoing connections
 * and to those who ask for any.
 */
export async function keptPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!given.has(port) && (await isFree('127.0.0.1', port))) {
      given.add(port);
      return port;
    }
  }
}

const given = new Set<number>();
