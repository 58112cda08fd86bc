import {
  type DeadLetter,
  type DeadLettersApi,
  type ListDeadLettersQuery,
  ProblemError,
} from '../client/ringtrue.js';
import { type ApiOptions, clientOf, UsageError } from '../terminal/apiOptions.js';
import { count } from '../terminal/count.js';
import { print } from '../terminal/print.js';
import { moreHint, type PageOptions, readPages } from '../terminal/readPages.js';
import { retryWhenBusy } from '../terminal/retryWhenBusy.js';
import { tableOf } from '../terminal/tableOf.js';

/** `ringtrue dead-letters`. */
export async function listDeadLetters(
  options: ApiOptions & PageOptions & { call?: string; state?: string },
): Promise<void> {
  const { call, state } = options;
  const { deadLetters } = clientOf(options);
  // The API checks the state.
  const filter = { callId: call, state } as ListDeadLettersQuery;
  const page = await readPages('deadLetters', options, 200, (at) => deadLetters.page({ ...filter, ...at }));
  print(options, page, `${deadLettersTable(page.deadLetters)}${moreHint(page)}`);
}

/** `ringtrue resend`. */
export async function resend(
  id: string | undefined,
  { json, all, ...where }: ApiOptions & { all: boolean },
): Promise<void> {
  if ((id === undefined) !== all)
    throw new UsageError(
      id === undefined ? 'resend needs the id of a dead letter, or --all' : 'An id and --all are both given',
    );
  const api = clientOf(where).deadLetters;
  if (id !== undefined) {
    const answer = await api.resend(id);
    return print({ json }, answer, `${id} is being sent again, for up to a day.`);
  }
  const counted = await resendAll(api);
  const { resent, underWay } = counted;
  const others = underWay > 0 ? `; ${underWay} more already, or delivered meanwhile` : '';
  print({ json }, counted, `Being sent again: ${count(resent, 'notification')}${others}.`);
}

/** Sends all dead letters again. Reads all pages first, because sending changes them. */
async function resendAll(api: DeadLettersApi): Promise<{ resent: number; underWay: number }> {
  const { deadLetters } = await readPages('deadLetters', { all: true }, 200, (at) =>
    api.page({ state: 'dead', ...at }),
  );
  const ids = deadLetters.map(({ id }) => id);
  let resent = 0;
  for (const id of ids) if (await retryWhenBusy(() => resentNow(api, id))) resent++;
  return { resent, underWay: ids.length - resent };
}

/** False if it is being sent already, or was delivered meanwhile. */
async function resentNow(api: DeadLettersApi, id: string): Promise<boolean> {
  try {
    await api.resend(id);
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.status === 409) return false;
    throw error;
  }
}

/** A list of dead letters, one line for each. */
function deadLettersTable(letters: DeadLetter[]): string {
  if (letters.length === 0) return 'No dead letters.';
  return tableOf(
    ['DEAD LETTER', 'CALL', 'TYPE', 'STATE', 'FAILED', 'RESENT', 'ERROR'],
    letters.map(({ id, callId, type, state, failedAt, resentAt, error }) => [
      id,
      callId,
      type,
      state,
      failedAt,
      resentAt ?? '',
      error,
    ]),
  );
}
