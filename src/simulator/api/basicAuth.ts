import { timingSafeEqual } from 'node:crypto';

/** Whether an `Authorization` header carries one of the pairs of user and password. */
export function isAuthorized(header: string | undefined, pairs: [user: string, password: string][]): boolean {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return false;
  const credentials = Buffer.from(encoded, 'base64');
  return pairs.some(([user, password]) => {
    const expected = Buffer.from(`${user}:${password}`);
    return expected.length === credentials.length && timingSafeEqual(expected, credentials);
  });
}
