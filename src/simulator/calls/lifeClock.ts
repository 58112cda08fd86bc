/** Turns seconds of a call's life into milliseconds on this machine, and holds every timer so that none outlives the simulator. */
export class LifeClock {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** `speed`: how many times faster than life. */
  constructor(readonly speed: number) {}

  /** Milliseconds that so many seconds of life take. */
  ms(lifeSeconds: number): number {
    return (lifeSeconds * 1000) / this.speed;
  }

  /** Seconds of life that have passed since a time of `Date.now()`. */
  secondsSince(ms: number): number {
    return ((Date.now() - ms) * this.speed) / 1000;
  }

  /** Runs `what` after so many seconds of life; the answer cancels it. */
  after(lifeSeconds: number, what: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      what();
    }, this.ms(lifeSeconds));
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  pause(lifeSeconds: number): Promise<void> {
    return new Promise((resolve) => this.after(lifeSeconds, resolve));
  }

  /** Cancels everything that is still to come. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
