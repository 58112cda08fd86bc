import type { ReadStream } from 'node:tty';

/** The other screen of a terminal, which leaves what was there before untouched; without a cursor. */
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearRight = '\u001b[K';
const clearBelow = '\u001b[J';

/** A terminal whose whole screen is drawn again and again. */
export class LiveScreen {
  readonly #out: NodeJS.WriteStream;
  readonly #in: ReadStream;
  readonly #quit = new AbortController();
  #last: ((size: { columns: number; rows: number }) => string[]) | null = null;
  readonly #redraw = () => {
    if (this.#last) this.draw(this.#last);
  };
  readonly #onKey = (keys: Buffer) => {
    // In raw mode Ctrl-C is a key like any other.
    if (['q', 'Q', '\u0003'].some((key) => keys.includes(key))) this.#quit.abort();
  };
  readonly #restore = () => void this.#out.write(leave);

  constructor(out: NodeJS.WriteStream, input: ReadStream) {
    this.#out = out;
    this.#in = input;
    out.write(enter);
    // However the process ends, the terminal must be as before.
    process.once('exit', this.#restore);
    out.on('resize', this.#redraw);
    if (!input.isTTY) return;
    input.setRawMode(true);
    input.on('data', this.#onKey);
  }

  /** Aborted when the person presses q or Ctrl-C. */
  get quit(): AbortSignal {
    return this.#quit.signal;
  }

  /** Draws these lines in place of all before, and again when the size of the terminal changes. */
  draw(lines: (size: { columns: number; rows: number }) => string[]): void {
    this.#last = lines;
    // A terminal that does not tell its size.
    const size = { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
    this.#out.write(
      `${home}${lines(size)
        .map((line) => `${line}${clearRight}`)
        .join('\r\n')}${clearBelow}`,
    );
  }

  close(): void {
    this.#out.off('resize', this.#redraw);
    process.off('exit', this.#restore);
    this.#restore();
    if (!this.#in.isTTY) return;
    this.#in.off('data', this.#onKey);
    this.#in.setRawMode(false);
    this.#in.pause();
  }
}
