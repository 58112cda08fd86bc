import { maskNumber } from '../../../../workflows/rules/phoneNumber.js';

/** A phone number with its middle hidden. A screen reader hears that digits are hidden. */
export function MaskedNumber({ number }: { number: string | null | undefined }) {
  if (number == null) return <span class="quiet">not known yet</span>;
  return <span class="phone">{maskNumber(number)}</span>;
}

/** The text with every phone number in it masked: sentences of a call may name numbers. */
export function withMaskedNumbers(text: string): string {
  return text.replace(/\+[1-9]\d{6,14}(?!\d)/g, maskNumber);
}
