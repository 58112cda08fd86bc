import type { Batch } from '../../client/ringtrue.js';
import { printable } from '../print.js';

/** A line on stderr that changes in place on a terminal. Elsewhere each change is a line of its own. */
export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  #last = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** False: it is no terminal. */
  get isLive(): boolean {
    return this.#out.isTTY === true;
  }

  get columns(): number {
    return this.#out.columns || 80;
  }

  show(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    this.#out.write(this.isLive ? `\r${printable(line)}\u001b[K` : `${printable(line)}\n`);
  }

  /** What is printed next begins on a new line. */
  end(): void {
    if (this.isLive && this.#last !== '') this.#out.write('\n');
    this.#last = '';
  }
}

const widestBar = 30;
const narrowestBar = 10;

/** How far a batch is, and how its calls turned out, in one line that is not longer than the terminal is wide. */
export function batchBar({ state, counts }: Batch, columns: number): string {
  const { total, waiting, running, done, refused, withdrawn, outcomes } = counts;
  const over = done + refused + withdrawn;
  const share = total === 0 ? 1 : over / total;
  const facts = [
    ...Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(withdrawn > 0 ? [`${withdrawn} withdrawn`] : []),
    ...(running > 0 ? [`${running} run`] : []),
    ...(waiting > 0 ? [`${waiting} wait`] : []),
  ].join(', ');
  const head = `${over}/${total} ${state}`;
  const width = Math.max(narrowestBar, Math.min(widestBar, Math.floor(columns / 4)));
  const filled = Math.floor(share * width);
  const line = `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${head}  ${facts}`.trimEnd();
  return line.length <= columns - 1 ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
