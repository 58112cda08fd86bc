/** May text on this stream have colors? Source: no-color.org. */
export function hasColor(out: NodeJS.WriteStream): boolean {
  return out.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
