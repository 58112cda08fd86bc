import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import { keepDeadLetter, notifyForADay, notifyOnce, settleDeadLetter } from '../activityProxies.js';
import type { Notification } from '../callActivities.js';

/** Before a notification that was not accepted at once is posted again, unless the receiver asks for another pause. */
const firstPauseMs = 5000;

/**
 * Notifies a client of what became of its call. A workflow of its own, so that a receiver that is away for hours delays
 * neither the call nor a client that waits for its result.
 *
 * Notifications are posted in order while the receiver accepts them. One that is not accepted at once is posted again beside
 * the rest, for a day. One that is not accepted by then, or refused for good, is kept as a dead letter, and the run
 * fails with `NotDelivered` for everybody to see. The recorded outcome stands anyway.
 */
export async function notification(...notifications: Notification[]): Promise<void> {
  const pending: Promise<DeadLetter | null>[] = [];
  for (const one of notifications.slice(0, -1)) {
    const error = await post(one, notifyOnce(one.type));
    if (error !== null) pending.push(error.isFinal ? keep(one, error) : deliverAfter(error.pauseMs, one));
  }
  const last = notifications.at(-1);
  if (last) pending.push(deliver(last));
  failWith(await Promise.all(pending));
}

/** Posts a dead letter once more. Accepted, the letter is settled; else it is dead again, and the run fails. */
export async function resentNotification(one: Notification): Promise<void> {
  const letter = await deliver(one);
  if (letter === null) await CancellationScope.nonCancellable(() => settleDeadLetter(one));
  failWith([letter]);
}

interface DeadLetter {
  id: string;
  why: string;
  error: unknown;
}

/** Why a notification was not accepted. `isFinal`: it is never posted again by itself. */
interface NotAccepted {
  error: unknown;
  why: string;
  isFinal: boolean;
  pauseMs: number;
}

/** For a day. Null: the receiver accepted it. */
async function deliver(one: Notification): Promise<DeadLetter | null> {
  const error = await post(one, notifyForADay(one.type));
  return error && keep(one, error);
}

async function deliverAfter(pauseMs: number, one: Notification): Promise<DeadLetter | null> {
  try {
    await sleep(pauseMs, { summary: `before ${one.type} is posted again` });
  } catch (error) {
    return keep(one, notAccepted(error));
  }
  return deliver(one);
}

async function post(
  one: Notification,
  { notifyOutcome }: ReturnType<typeof notifyOnce>,
): Promise<NotAccepted | null> {
  try {
    await notifyOutcome(one);
    return null;
  } catch (error) {
    return notAccepted(error);
  }
}

function notAccepted(error: unknown): NotAccepted {
  const result = { error, isFinal: true, pauseMs: firstPauseMs };
  if (isCancellation(error)) return { ...result, why: 'somebody canceled the workflow that was to post it' };
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const [requested] = (cause.details ?? []) as { pauseMs: number }[];
    const pauseMs = requested?.pauseMs ?? firstPauseMs;
    return { error, why: cause.message, isFinal: cause.nonRetryable === true, pauseMs };
  }
  // The day was over while it was posted: the try before says more.
  const before = cause instanceof TimeoutFailure ? cause.failure?.cause?.message : null;
  return { ...result, why: before || (cause?.message ?? error.message), isFinal: false };
}

/** Also when the run is canceled: no notification is forgotten. */
async function keep(one: Notification, { why, error }: NotAccepted): Promise<DeadLetter> {
  const { id } = await CancellationScope.nonCancellable(() =>
    keepDeadLetter({ notification: one, error: why }),
  );
  return { id, why, error };
}

function failWith(letters: (DeadLetter | null)[]): void {
  const dead = letters.filter((letter) => letter !== null);
  if (dead.length === 0) return;
  const canceled = dead.find(({ error }) => isCancellation(error));
  if (canceled) throw canceled.error;
  const each = dead.map(({ id, why }) => `${why} (dead letter ${id})`).join('; ');
  throw ApplicationFailure.nonRetryable(
    `Not delivered: ${each}. The outcome is on record; \`ringtrue resend ID\` posts a dead letter again.`,
    'NotDelivered',
  );
}
