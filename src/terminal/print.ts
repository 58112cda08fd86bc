/**
 * Prints what a command found: as JSON for programs, in words for people. Reasons and names are other people's words, so
 * what would steer a terminal is left out of them.
 */
export function print({ json }: { json: boolean }, data: unknown, words: string): void {
  process.stdout.write(
    `${json ? JSON.stringify(data, null, 2) : words.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')}\n`,
  );
}
