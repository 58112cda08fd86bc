import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Command = (input: never) => Promise<unknown>;
interface WorkRequest {
  id: number;
  command: string;
  input: unknown;
}
type WorkResult = { id: number; result: unknown } | { id: number; error: string };

/** A process of the benchmark that runs commands over Node's channel. It ends with this process. */
export class BenchProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  /** `file`: the name of a file in this folder, without its extension. */
  constructor(readonly file: string) {
    this.#child = fork(fileURLToPath(new URL(`${file}.ts`, import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    });
    this.#child.on('message', (message: WorkResult) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ('error' in message) waiting?.reject(new Error(`${file}: ${message.error}`));
      else waiting?.resolve(message.result);
    });
    this.#child.on('exit', (status, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${file} ended during a command: status ${status}, signal ${signal}`));
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  run<Result>(command: string, input: unknown = {}): Promise<Result> {
    const id = ++this.#lastId;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      this.#child.send({ id, command, input } satisfies WorkRequest);
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

/** Called in such a process: runs the commands that arrive, and ends when the channel closes. */
export function serveWork(commands: Record<string, Command>): void {
  process.on('message', async ({ id, command, input }: WorkRequest) => {
    const work = commands[command];
    try {
      if (!work) throw new Error(`there is no command ${command}`);
      process.send?.({ id, result: await work(input as never) });
    } catch (error) {
      process.send?.({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.on('disconnect', () => process.exit());
}
