import { isFree } from '../../src/process/freePort.js';

/**
 * A free port that stays free while its process is down: below the ports that systems give to outgoing connections
 * and to those who ask for any.
 */
export async function heldPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!assigned.has(port) && (await isFree('127.0.0.1', port))) {
      assigned.add(port);
      return port;
    }
  }
}

const assigned = new Set<number>();
