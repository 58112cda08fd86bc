import type { RingtrueProcess } from '../support/ringtrueProcess.js';
import { isAlive } from '../support/ringtrueProcess.js';

/** One process that can be stopped in different ways and started again. */
export interface Part {
  /** Sends SIGKILL and waits until the process is gone. */
  kill(): Promise<void>;
  /** Sends SIGTERM and waits until the process is gone. */
  stop(): Promise<void>;
  freeze(): void;
  unfreeze(): void;
  /** Starts it again. It may not serve yet. */
  start(): Promise<void>;
  /** Does it serve? */
  isReady(): Promise<boolean>;
  /** Everything it wrote to stderr since its first start. */
  output(): string;
}

/** A `ringtrue` process that ended by itself, or after SIGTERM with a status other than 0. */
export interface BadEnd {
  name: string;
  how: string;
}

/** How long a process may take to stop: longer than the grace period of its activities or requests. */
const stopsWithinMs = 60_000;

/** A `ringtrue` process with an address that says whether it is ready. */
export class RingtruePart implements Part {
  readonly badEnds: BadEnd[] = [];
  readonly #lives: RingtrueProcess[] = [];
  #expected = false;

  constructor(
    readonly name: string,
    private readonly launch: () => RingtrueProcess,
    private readonly readyUrl: string,
  ) {}

  get #process(): RingtrueProcess {
    return this.#lives.at(-1) as RingtrueProcess;
  }

  async start(): Promise<void> {
    const process = this.launch();
    this.#lives.push(process);
    this.#expected = false;
    void process.ended.then(({ status, signal }) => {
      if (!this.#expected && process === this.#process)
        this.badEnds.push({ name: this.name, how: `ended by itself: status ${status}, signal ${signal}` });
    });
  }

  async kill(): Promise<void> {
    this.#expected = true;
    await this.#process.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#expected = true;
    const process = this.#process;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), stopsWithinMs).unref());
    const ended = await Promise.race([process.stop('SIGTERM'), late]);
    if (ended === null) {
      this.badEnds.push({ name: this.name, how: `did not stop within ${stopsWithinMs / 1000} s of SIGTERM` });
      await process.stop('SIGKILL');
      // A process that has not begun to run yet ends by the signal.
    } else if (ended.status !== 0 && process.stderr !== '')
      this.badEnds.push({
        name: this.name,
        how: `stopped by SIGTERM with status ${ended.status}, signal ${ended.signal}`,
      });
  }

  freeze(): void {
    this.#process.child.kill('SIGSTOP');
  }

  unfreeze(): void {
    this.#process.child.kill('SIGCONT');
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(this.readyUrl, { signal: AbortSignal.timeout(4_000) }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  output(): string {
    return this.#lives.map((life, i) => `--- life ${i + 1}, pid ${life.pid}\n${life.stderr}`).join('\n');
  }

  /** Ends it at the end of the run. */
  async end(): Promise<void> {
    this.#expected = true;
    if (this.#lives.length > 0 && isAlive(this.#process.pid)) await this.#process.stop('SIGKILL');
  }
}
