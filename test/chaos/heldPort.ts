import { isFree } from '../../src/process/freePort.js';

/**
 * A free port that stays free while its process is down. It is below the range from which systems take ports
 * for outgoing connections and for servers that accept any port.
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
