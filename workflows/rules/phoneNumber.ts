/** `+` and 2 to 15 digits, the first not 0. Source: ITU-T E.164. */
export const e164 = /^\+[1-9]\d{1,14}$/;

/** The number as it may be shown in logs and summaries: country and area stay, of the rest only four digits are shown. */
export function maskNumber(number: string): string {
  return number.length > 9 ? `${number.slice(0, 5)}•••${number.slice(-4)}` : `${number.slice(0, 2)}•••`;
}
