import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const executable = fileURLToPath(new URL('../../bin/ringtrue.js', import.meta.url));

/** Runs a program on a terminal of its own, and passes on what it writes and what is typed. */
const program = `
import fcntl, os, pty, select, signal, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
sources = [terminal, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if terminal in ready:
        try:
            written = os.read(terminal, 65536)
        except OSError:
            break
        if not written:
            break
        os.write(1, written)
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            os.write(terminal, typed)
        else:
            sources.remove(0)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
`;

/** A command of ringtrue on a pseudo-terminal of this size. */
export class TerminalProcess {
  /** Everything that was written, with the terminal's sequences. */
  written = '';
  readonly ended: Promise<number | null>;
  readonly #child;

  constructor(args: string[], env: Record<string, string>, { columns = 80, rows = 24 } = {}) {
    const { PATH = '', HOME = '' } = process.env;
    const size = [String(columns), String(rows)];
    this.#child = spawn('python3', ['-c', program, ...size, process.execPath, executable, ...args], {
      env: { PATH, HOME, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.written += text;
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** The lines that the screen shows, without colors. */
  get screen(): string[] {
    const shown = this.written.split('\u001b[H').at(-1) ?? '';
    return shown.split('\r\n').map((line) => stripVTControlCharacters(line).trim());
  }
}
