import { setTimeout as pause } from 'node:timers/promises';
import type { Erasure } from '../../../activities/store/removal/erasures.js';
import { type ApiOptions, clientOf } from '../../terminal/apiOptions.js';
import { count } from '../../terminal/count.js';
import { print } from '../../terminal/print.js';

const askAgainMs = 1000;

/** `ringtrue erase`. */
export async function erase(number: string, options: ApiOptions & { wait: boolean }): Promise<void> {
  const api = clientOf(options);
  let erasure = await api.request<Erasure>({ method: 'POST', path: '/erasures', body: { number } });
  let shown: string | null = null;
  while (options.wait && erasure.state !== 'done') {
    if (erasure.waitingFor !== shown && erasure.waitingFor !== null)
      process.stderr.write(`Waits for: ${erasure.waitingFor}\n`);
    shown = erasure.waitingFor;
    await pause(askAgainMs);
    erasure = await api.request<Erasure>({ method: 'GET', path: `/erasures/${erasure.id}` });
  }
  print(options, erasure, sentenceOf(erasure));
}

function sentenceOf({ id, state, calls, workflows }: Erasure): string {
  if (state !== 'done') return `${id}: a worker erases the number. That takes about a minute.`;
  return `${id}: nothing of the number is left. Erased: ${count(calls, 'call')}, ${count(workflows, 'workflow')} in Temporal.`;
}
