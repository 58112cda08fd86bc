import type { InvalidNumber } from '../../activities/store/do-not-call/invalidNumbers.js';
import { ApiClient, type ApiOptions } from '../client/apiClient.js';
import { moreHint, type PageOptions, readPages } from '../client/readPages.js';
import { print } from '../terminal/print.js';
import { tableOf } from '../terminal/tableOf.js';
import { pathOf } from './doNotCall.js';

/** `ringtrue invalid-numbers`. */
export async function list(options: ApiOptions & PageOptions): Promise<void> {
  const api = new ApiClient(options);
  const page = await readPages('invalidNumbers', options, 1000, (at) =>
    api.send<{ invalidNumbers: InvalidNumber[]; nextCursor: string | null }>(
      'GET',
      `/invalid-numbers?${new URLSearchParams(at)}`,
    ),
  );
  const rows = page.invalidNumbers.map((one) => [
    one.to,
    one.seenAt,
    `${one.source} ${one.code}`,
    one.message,
    one.callId,
  ]);
  const table =
    rows.length === 0 ? 'No numbers.' : tableOf(['NUMBER', 'LAST SEEN', 'CODE', 'MESSAGE', 'CALL'], rows);
  print(options, page, `${table}${moreHint(page)}`);
}

/** `ringtrue invalid-numbers forget`. */
export async function forget(number: string, options: ApiOptions): Promise<void> {
  await new ApiClient(options).send('DELETE', pathOf('invalid-numbers', number));
  print(
    options,
    { to: number, forgotten: true },
    `${number} is no longer remembered as invalid. New calls to it are dialed.`,
  );
}
