/** When somebody did something, and who, if that is known. */
export function byWhomAt(at: string, by: string | null): string {
  return by === null ? at : `${at}, by ${by}`;
}
