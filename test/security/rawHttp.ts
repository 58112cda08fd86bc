import { connect } from 'node:net';

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  status: number;
  /** By lower-case name, the last one of a name. */
  headers: Record<string, string>;
  body: string;
  /** As it came; more than one answer when more than one was given. */
  text: string;
}

/** Sends these bytes, whatever they are, and gives what comes back until the server closes the connection. */
export function raw(port: number, ...parts: (string | Uint8Array)[]): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // Closed while we still write: what had been answered counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(parsed(Buffer.concat(chunks).toString('utf8'))));
  });
}

/** A request head of these lines, asking for the connection to be closed. */
export function head(...lines: string[]): string {
  return `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`;
}

function parsed(text: string): RawAnswer {
  const [first = '', ...rest] = (text.split('\r\n\r\n', 1)[0] ?? '').split('\r\n');
  const headers = Object.fromEntries(
    rest.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  return { status, headers, body: text.slice(text.indexOf('\r\n\r\n') + 4), text };
}
