/** Prints what a command found: as JSON for programs, in words for people. */
export function print({ json }: { json: boolean }, data: unknown, words: string): void {
  process.stdout.write(`${json ? JSON.stringify(data, null, 2) : words}\n`);
}
