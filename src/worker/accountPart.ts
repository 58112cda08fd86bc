/** What `/readyz` says of each account. */
export const accountParts = ['twilioAccount', 'twilioReads'] as const;

/** The name of a part of `/readyz` that is about one account: `twilioAccount` of the main one, `twilioAccount:NAME` of another. */
export function accountPart(part: (typeof accountParts)[number], { name }: { name: string | null }): string {
  return name === null ? part : `${part}:${name}`;
}
