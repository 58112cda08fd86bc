import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Work = (input: never) => Promise<unknown>;
interface Ask {
  id: number;
  command: string;
  input: unknown;
}
type Answer = { id: number; result: unknown } | { id: number; trouble: string };

/** A process of the benchmark's own, which does what it is asked for over Node's channel, and ends with us. */
export class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #asked = 0;

  /** `file`: beside this one, without its ending. */
  constructor(readonly file: string) {
    this.#child = fork(fileURLToPath(new URL(`${file}.ts`, import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    });
    this.#child.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('trouble' in answer) waiting?.reject(new Error(`${file}: ${answer.trouble}`));
      else waiting?.resolve(answer.result);
    });
    this.#child.on('exit', (status, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${file} ended while it was asked: status ${status}, signal ${signal}`));
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  ask<Result>(command: string, input: unknown = {}): Promise<Result> {
    const id = ++this.#asked;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      this.#child.send({ id, command, input } satisfies Ask);
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

/** Called in a helper's process: from here on it does what it is asked for, and ends when nobody can ask any more. */
export function answer(works: Record<string, Work>): void {
  process.on('message', async ({ id, command, input }: Ask) => {
    const work = works[command];
    try {
      if (!work) throw new Error(`there is no command ${command}`);
      process.send?.({ id, result: await work(input as never) });
    } catch (error) {
      process.send?.({
        id,
        trouble: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.on('disconnect', () => process.exit());
}
