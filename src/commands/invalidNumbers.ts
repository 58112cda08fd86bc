import { type ApiOptions, clientOf } from '../terminal/apiOptions.js';
import { print } from '../terminal/print.js';
import { moreHint, type PageOptions, readPages } from '../terminal/readPages.js';
import { tableOf } from '../terminal/tableOf.js';

/** `ringtrue invalid-numbers`. */
export async function list(options: ApiOptions & PageOptions): Promise<void> {
  const { invalidNumbers } = clientOf(options);
  const page = await readPages('invalidNumbers', options, 1000, (at) => invalidNumbers.page(at));
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
  await clientOf(options).invalidNumbers.forget(number);
  print(
    options,
    { to: number, forgotten: true },
    `${number} is no longer remembered as invalid. New calls to it are dialed.`,
  );
}
