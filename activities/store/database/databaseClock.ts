/** A reading of the clock is used for so long. */
const validMs = 60_000;
/** This machine's two clocks part by more than this only if one was set, or the machine slept. */
const maxPartingMs = 1_000;

/** The clock of the database, which is one for all workers. */
export interface DatabaseClock {
  /** What a statement that has just returned says of it, in seconds since 1970. */
  hear(databaseSeconds: number): void;
  /** Milliseconds since 1970, by the last reading. Takes another one if that is older than a minute. */
  now(): Promise<number>;
}

/**
 * Keeps the time between two readings by this machine's monotonic clock, so that it does not matter whether
 * the machine's date and time are right. `read` asks the database, in seconds since 1970.
 */
export function databaseClock(read: () => Promise<number>): DatabaseClock {
  let reading: { databaseMs: number; monotonicMs: number; dateMs: number } | null = null;

  function hear(databaseSeconds: number): void {
    reading = { databaseMs: databaseSeconds * 1000, monotonicMs: performance.now(), dateMs: Date.now() };
  }

  /** Null if there is no reading that may be used. */
  function estimate(): number | null {
    if (reading === null) return null;
    const passedMs = performance.now() - reading.monotonicMs;
    // The monotonic clock stands still while a machine sleeps.
    const partingMs = Math.abs(Date.now() - reading.dateMs - passedMs);
    return passedMs > validMs || partingMs > maxPartingMs ? null : reading.databaseMs + passedMs;
  }

  return {
    hear,
    async now() {
      const known = estimate();
      if (known !== null) return known;
      const seconds = await read();
      hear(seconds);
      return seconds * 1000;
    },
  };
}
