import { setTimeout as pause } from 'node:timers/promises';
import type { DeadLetter } from '../../activities/store/deadLetters.js';
import { ApiClient, type ApiOptions, ApiRefusal, UsageError } from '../client/apiClient.js';
import { count } from '../terminal/count.js';
import { print } from '../terminal/print.js';
import { tableOf } from '../terminal/tableOf.js';

interface ListOptions extends ApiOptions {
  call?: string;
  state?: string;
  limit?: number;
  cursor?: string;
}

/** `ringtrue dead-letters`. */
export async function listDeadLetters({ json, call, state, limit, cursor, ...where }: ListOptions) {
  const filter = Object.entries({ callId: call, state, limit, cursor }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const page = await new ApiClient(where).deadLetters(Object.fromEntries(filter));
  const more = page.nextCursor === null ? '' : `\nThere are more: --cursor ${page.nextCursor}`;
  print({ json }, page, `${deadLettersTable(page.deadLetters)}${more}`);
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
  const api = new ApiClient(where);
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
async function resendAll(api: ApiClient): Promise<{ resent: number; underWay: number }> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Awaited<ReturnType<ApiClient['deadLetters']>> = await retryWhenBusy(() =>
      api.deadLetters({ state: 'dead', limit: '200', ...(cursor ? { cursor } : {}) }),
    );
    ids.push(...page.deadLetters.map((letter) => letter.id));
    cursor = page.nextCursor;
  }
  let resent = 0;
  for (const id of ids) if (await retryWhenBusy(() => resentNow(api, id))) resent++;
  return { resent, underWay: ids.length - resent };
}

/** False if it is being sent already, or was delivered meanwhile. */
async function resentNow(api: ApiClient, id: string): Promise<boolean> {
  try {
    await api.resend(id);
    return true;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 409) return false;
    throw error;
  }
}

/** Repeats a request as long as the API answers that these are too many. */
async function retryWhenBusy<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof ApiRefusal && error.status === 429)) throw error;
      await pause((error.retryAfterSeconds ?? 1) * 1000);
    }
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
