import type { DeadLetter } from '../../activities/store/deadLetters.js';
import { type DoctorCheck, type Finding, fault, fine } from './doctorCheck.js';
import { deadLettersRead, type StoreFacts } from './storeFacts.js';

const dayMs = 86_400_000;

/** Did the receivers accept every notification of the last day? */
export function notificationChecks(store: StoreFacts): DoctorCheck[] {
  return [
    {
      name: 'notifications',
      look: async () => notificationFinding(await store.deadLetters(), Date.now()),
      fix: 'Look with `ringtrue dead-letters --state dead`.',
    },
  ];
}

/** Counts dead letters by host, because one broken receiver causes many. */
export function notificationFinding(letters: readonly DeadLetter[], nowMs: number): Finding {
  const recent = letters.filter(({ failedAt }) => Date.parse(failedAt) > nowMs - dayMs);
  if (recent.length === 0) return fine('No notification of the last 24 hours was given up.');
  const hosts = new Map<string, { count: number; error: string }>();
  for (const { url, error } of recent) {
    const host = URL.canParse(url) ? new URL(url).host : url;
    const known = hosts.get(host);
    if (known) known.count++;
    else hosts.set(host, { count: 1, error });
  }
  const list = [...hosts].map(([host, { count, error }]) => `${host} ${count} (${error.replace(/\.$/, '')})`);
  const total = recent.length === deadLettersRead ? `${recent.length} or more` : String(recent.length);
  return fault(
    `Receivers did not accept ${total} of the notifications of the last 24 hours: ${list.join('; ')}.`,
    'Correct the receivers, then send the notifications again: ringtrue resend --all',
  );
}
