import { readFile } from 'node:fs/promises';
import type { DoNotCallEntry, DoNotCallRemoval } from '../../activities/store/do-not-call/doNotCallList.js';
import type { InvalidNumber } from '../../activities/store/do-not-call/invalidNumbers.js';
import { ApiClient, type ApiOptions, ApiRefusal, UsageError } from '../client/apiClient.js';
import { moreHint, type PageOptions, readPages } from '../client/readPages.js';
import { retryWhenBusy } from '../client/retryWhenBusy.js';
import { count } from '../terminal/count.js';
import { print } from '../terminal/print.js';
import { printCsv } from '../terminal/printCsv.js';
import { tableOf } from '../terminal/tableOf.js';

/** `ringtrue do-not-call add`. */
export async function add(
  to: string,
  options: ApiOptions & { reason?: string; expires?: string },
): Promise<void> {
  const { reason, expires: expiresAt } = options;
  const body = {
    to,
    ...(reason === undefined ? {} : { reason }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const entry = await new ApiClient(options).send<DoNotCallEntry>('POST', '/do-not-call', { body });
  print(options, entry, sentenceOf(entry));
}

/** `ringtrue do-not-call remove`. */
export async function remove(number: string, options: ApiOptions): Promise<void> {
  await new ApiClient(options).send('DELETE', pathOf('do-not-call', number));
  print(options, { to: number, removed: true }, `${number} is no longer on the do-not-call list.`);
}

/** `ringtrue do-not-call check`. */
export async function check(number: string, options: ApiOptions): Promise<void> {
  const api = new ApiClient(options);
  const [entry, invalidNumber] = await Promise.all([
    ifListed(api.send<DoNotCallEntry>('GET', pathOf('do-not-call', number))),
    ifListed(api.send<InvalidNumber>('GET', pathOf('invalid-numbers', number))),
  ]);
  const sentences = [
    entry === null ? `${number} is not on the do-not-call list.` : sentenceOf(entry),
    invalidNumber === null
      ? 'It is not remembered as invalid.'
      : `Twilio showed it to be invalid on ${invalidNumber.seenAt}: ${invalidNumber.message} (${invalidNumber.source} ${invalidNumber.code}, call ${invalidNumber.callId}).`,
  ];
  print(options, { to: number, entry, invalidNumber }, sentences.join('\n'));
}

/** `ringtrue do-not-call list`. */
export async function list(
  options: ApiOptions & PageOptions & { reason?: string; source?: string; expired?: string },
): Promise<void> {
  const api = new ApiClient(options);
  const filter = Object.fromEntries(
    (['reason', 'source', 'expired'] as const).flatMap((name) =>
      options[name] === undefined ? [] : [[name, options[name]]],
    ),
  );
  const page = await readPages('entries', options, 1000, (at) =>
    api.send<{ entries: DoNotCallEntry[]; nextCursor: string | null }>(
      'GET',
      `/do-not-call?${new URLSearchParams({ ...filter, ...at })}`,
    ),
  );
  const rows = page.entries.map((entry) => [
    entry.to,
    entry.expired ? 'expired' : (entry.expiresAt ?? 'no end'),
    entry.source,
    entry.addedAt,
    entry.addedBy ?? '',
    entry.reason,
  ]);
  const table =
    rows.length === 0 ? 'No numbers.' : tableOf(['NUMBER', 'UNTIL', 'SOURCE', 'SINCE', 'BY', 'REASON'], rows);
  print(options, page, `${table}${moreHint(page)}`);
}

/** `ringtrue do-not-call import`. */
export async function importFile(file: string, options: ApiOptions & { country?: string }): Promise<void> {
  const csv = await readFile(file).catch((error: Error) => {
    throw new UsageError(`${file} cannot be read: ${error.message}`);
  });
  const { country } = options;
  const imported = await new ApiClient(options).send<{ rows: number; added: number }>(
    'POST',
    `/do-not-call${country === undefined ? '' : `?${new URLSearchParams({ country })}`}`,
    { body: new Blob([new Uint8Array(csv)]) },
  );
  print(
    options,
    imported,
    `${count(imported.rows, 'row')} read; ${count(imported.added, 'number')} added to the list.`,
  );
}

/** `ringtrue do-not-call export`: CSV on stdout, or with --json one entry a line. */
export async function exportList(
  options: ApiOptions & { reason?: string; source?: string; expired?: string },
): Promise<void> {
  const { json, api: _api, token: _token, ...filter } = options;
  if (json) return printEntries(options, filter);
  await printCsv(await new ApiClient(options).csv(`/do-not-call/export.csv?${new URLSearchParams(filter)}`));
}

async function printEntries(options: ApiOptions, filter: Record<string, string>): Promise<void> {
  const api = new ApiClient(options);
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ ...filter, limit: '1000', ...(cursor === '' ? {} : { cursor }) });
    const page: { entries: DoNotCallEntry[]; nextCursor: string | null } = await retryWhenBusy(() =>
      api.send('GET', `/do-not-call?${query}`),
    );
    for (const entry of page.entries) process.stdout.write(`${JSON.stringify(entry)}\n`);
    cursor = page.nextCursor;
  }
}

/** `ringtrue do-not-call removals`. */
export async function removals(
  options: ApiOptions & { to?: string; limit?: number; cursor?: string },
): Promise<void> {
  const { json, api: _api, token: _token, ...filter } = options;
  const texts = Object.entries(filter).map(([name, value]) => [name, String(value)]);
  const query = new URLSearchParams(Object.fromEntries(texts));
  const page = await new ApiClient(options).send<{ removals: DoNotCallRemoval[]; nextCursor: string | null }>(
    'GET',
    `/do-not-call/removals?${query}`,
  );
  const rows = page.removals.map((removal) => [
    removal.to,
    removal.removedAt,
    removal.removedBy ?? '',
    removal.source,
    removal.reason,
  ]);
  const table =
    rows.length === 0 ? 'No removals.' : tableOf(['NUMBER', 'REMOVED', 'BY', 'SOURCE', 'REASON'], rows);
  const more = page.nextCursor === null ? '' : `\nThere are more: --cursor ${page.nextCursor}`;
  print({ json }, page, `${table}${more}`);
}

/** `ringtrue do-not-call purge`. */
export async function purge(options: ApiOptions): Promise<void> {
  const purged = await new ApiClient(options).send<{ removed: number }>('POST', '/do-not-call/purge');
  print(
    options,
    purged,
    `Deleted ${purged.removed === 1 ? '1 expired entry' : `${purged.removed} expired entries`}.`,
  );
}

/** The path of one number in a list. */
export function pathOf(list: 'do-not-call' | 'invalid-numbers', number: string): string {
  return `/${list}/${encodeURIComponent(number)}`;
}

function sentenceOf({ to, reason, source, addedBy, addedAt, expiresAt, expired }: DoNotCallEntry): string {
  const why = reason === '' ? '' : `: ${reason}`;
  const from = addedBy === null ? source : `${source}, by ${addedBy}`;
  if (expired)
    return `${to} may be called again: it was on the do-not-call list until ${expiresAt} (${from})${why}`;
  const until = expiresAt === null ? 'without an end' : `until ${expiresAt}`;
  return `${to} has been on the do-not-call list since ${addedAt}, ${until} (${from})${why}`;
}

/** Null if the API answers that the number is not on the list. */
async function ifListed<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return null;
    throw error;
  }
}
