/**
 * Converts call seconds into real milliseconds by `speed`, and holds every timer, so that none outlives the
 * simulator.
 */
export class LifeClock {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** `speed`: how many call seconds pass in a real second. */
  constructor(readonly speed: number) {}

  /** How many real milliseconds so many call seconds take. */
  ms(lifeSeconds: number): number {
    return (lifeSeconds * 1000) / this.speed;
  }

  /** The call seconds since a time of `Date.now()`. */
  secondsSince(ms: number): number {
    return ((Date.now() - ms) * this.speed) / 1000;
  }

  /** Runs `what` after so many call seconds. Returns a function that cancels it. */
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

  /** Cancels all timers. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
