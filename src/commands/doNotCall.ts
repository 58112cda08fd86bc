import { readFile } from 'node:fs/promises';
import type { DoNotCallEntry, DoNotCallFilter } from '../client/ringtrue.js';
import { type ApiOptions, clientOf, UsageError } from '../terminal/apiOptions.js';
import { count } from '../terminal/count.js';
import { print } from '../terminal/print.js';
import { printCsv } from '../terminal/printCsv.js';
import { moreHint, type PageOptions, readPages } from '../terminal/readPages.js';
import { retryWhenBusy } from '../terminal/retryWhenBusy.js';
import { tableOf } from '../terminal/tableOf.js';

/** `ringtrue do-not-call add`. */
export async function add(
  to: string,
  options: ApiOptions & { reason?: string; expires?: string },
): Promise<void> {
  const { reason, expires: expiresAt } = options;
  const entry = await clientOf(options).doNotCall.add({ to, reason, expiresAt });
  print(options, entry, sentenceOf(entry));
}

/** `ringtrue do-not-call remove`. */
export async function remove(number: string, options: ApiOptions): Promise<void> {
  await clientOf(options).doNotCall.remove(number);
  print(options, { to: number, removed: true }, `${number} is no longer on the do-not-call list.`);
}

/** `ringtrue do-not-call check`. */
export async function check(number: string, options: ApiOptions): Promise<void> {
  const { doNotCall, invalidNumbers } = clientOf(options);
  const [entry, invalidNumber] = await Promise.all([doNotCall.get(number), invalidNumbers.get(number)]);
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
  const { doNotCall } = clientOf(options);
  const page = await readPages('entries', options, 1000, (at) =>
    doNotCall.page({ ...filterOf(options), ...at }),
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
  const imported = await clientOf(options).doNotCall.importCsv(new Uint8Array(csv), { country });
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
  if (options.json) return printEntries(options, filterOf(options));
  await printCsv(await clientOf(options).doNotCall.exportCsv(filterOf(options)));
}

async function printEntries(options: ApiOptions, filter: DoNotCallFilter): Promise<void> {
  const { doNotCall } = clientOf(options);
  for (let cursor: string | undefined | null; cursor !== null; ) {
    const at = cursor;
    const page = await retryWhenBusy(() => doNotCall.page({ ...filter, limit: 1000, cursor: at }));
    for (const entry of page.entries) process.stdout.write(`${JSON.stringify(entry)}\n`);
    cursor = page.nextCursor;
  }
}

/** `ringtrue do-not-call removals`. */
export async function removals(
  options: ApiOptions & { to?: string; limit?: number; cursor?: string },
): Promise<void> {
  const { json, api: _api, token: _token, ...filter } = options;
  const page = await clientOf(options).doNotCall.removals(filter);
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
  const purged = await clientOf(options).doNotCall.purge();
  print(
    options,
    purged,
    `Deleted ${purged.removed === 1 ? '1 expired entry' : `${purged.removed} expired entries`}.`,
  );
}

/** The API checks the values. */
function filterOf(options: { reason?: string; source?: string; expired?: string }): DoNotCallFilter {
  const { reason, source, expired } = options;
  return { reason, source, expired } as object as DoNotCallFilter;
}

function sentenceOf({ to, reason, source, addedBy, addedAt, expiresAt, expired }: DoNotCallEntry): string {
  const why = reason === '' ? '' : `: ${reason}`;
  const from = addedBy === null ? source : `${source}, by ${addedBy}`;
  if (expired)
    return `${to} may be called again: it was on the do-not-call list until ${expiresAt} (${from})${why}`;
  const until = expiresAt === null ? 'without an end' : `until ${expiresAt}`;
  return `${to} has been on the do-not-call list since ${addedAt}, ${until} (${from})${why}`;
}
