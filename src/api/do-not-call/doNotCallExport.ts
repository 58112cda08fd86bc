import type { DoNotCallEntry } from '../../../activities/store/do-not-call/doNotCallList.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { csvRow, utf8Mark } from '../csv/csvRow.js';

const entriesPerRead = 1000;

/** The whole list as CSV, page by page and by number. An import reads it again. */
export async function* doNotCallExport(
  store: OutcomeStore,
  filter: Omit<Parameters<OutcomeStore['listDoNotCall']>[0], 'limit' | 'cursor'>,
): AsyncGenerator<string> {
  yield utf8Mark + csvRow(['to', 'reason', 'expires_at', 'source', 'added_at', 'expired']);
  for (let cursor: string | null = null; ; ) {
    const page: { entries: DoNotCallEntry[]; nextCursor: string | null } = await store.listDoNotCall({
      ...filter,
      limit: entriesPerRead,
      ...(cursor === null ? {} : { cursor }),
    });
    yield page.entries.map(lineOf).join('');
    cursor = page.nextCursor;
    if (cursor === null) return;
  }
}

function lineOf({ to, reason, expiresAt, source, addedAt, expired }: DoNotCallEntry): string {
  return csvRow([to, reason, expiresAt, source, addedAt, String(expired)]);
}
