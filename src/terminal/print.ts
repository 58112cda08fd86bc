/** Prints the result of a command: as JSON for programs, as text for people. */
export function print({ json }: { json: boolean }, data: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(data, null, 2) : printable(text)}\n`);
}

/**
 * Prints one line about a command that still runs. On stderr, so that stdout holds nothing but the result.
 */
export function printProgress(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Reasons and names come from other people: control characters in them could change the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}
