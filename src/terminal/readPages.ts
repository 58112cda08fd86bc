import type { PageQuery } from '../client/ringtrue.js';
import { retryWhenBusy } from './retryWhenBusy.js';

/** Options of every command that prints a list. */
export interface PageOptions {
  limit?: number;
  cursor?: string;
  /** All pages. */
  all?: boolean;
}

/**
 * The page that the options ask for, or with `all` every page as one, whose entries are under `entries`.
 * `largest` is how many entries a page may have.
 */
export async function readPages<Entries extends string, Page extends Record<Entries, unknown[]>>(
  entries: Entries,
  { all, limit, cursor }: PageOptions,
  largest: number,
  read: (page: PageQuery) => Promise<Page & { nextCursor: string | null }>,
): Promise<Page & { nextCursor: string | null }> {
  const size = limit ?? (all ? largest : undefined);
  const pageAt = (at: string | undefined) => read({ limit: size, cursor: at });
  if (!all) return pageAt(cursor);
  const first = await retryWhenBusy(() => pageAt(cursor));
  for (let next = first.nextCursor; next !== null; ) {
    const at = next;
    const page = await retryWhenBusy(() => pageAt(at));
    for (const entry of page[entries]) first[entries].push(entry);
    next = page.nextCursor;
  }
  return { ...first, nextCursor: null };
}

/** The line below a list that has more pages; empty on the last one. */
export function moreHint({ nextCursor }: { nextCursor: string | null }): string {
  return nextCursor === null ? '' : `\nThere are more: --cursor ${nextCursor}, or --all`;
}
