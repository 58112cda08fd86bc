import { timingSafeEqual } from 'node:crypto';

/** Whether an `Authorization` header carries one of the pairs of user and password. */
export function isAuthorized(header: string | undefined, pairs: [user: string, password: string][]): boolean {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return false;
  const given = Buffer.from(encoded, 'base64');
  return pairs.some(([user, password]) => {
    const right = Buffer.from(`${user}:${password}`);
    return right.length === given.length && timingSafeEqual(right, given);
  });
}
