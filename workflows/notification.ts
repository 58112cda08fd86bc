import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import { keepingDeadLetters, notifying, notifyingOnce } from './activityOptions.js';
import type { Notification } from './callActivities.js';

/** Before what was not taken at once is posted again, when the receiver asks for no other pause. */
const firstPauseMs = 5000;

/**
 * Tells a caller what became of its call. A run of its own, so that a receiver that is away for hours holds up
 * neither the call nor whoever waits for its result.
 *
 * What is told comes in order while the receiver takes it; what it does not take at once is told beside the rest, for
 * a day. What it has not taken by then, or refuses for good, is kept as a dead letter, and the run fails with
 * `NotDelivered` for everybody to see. The recorded outcome stands anyway.
 */
export async function notification(...told: Notification[]): Promise<void> {
  const later: Promise<DeadLetter | null>[] = [];
  for (const one of told.slice(0, -1)) {
    const error = await post(one, notifyingOnce(one.type));
    if (error !== null) later.push(error.final ? keep(one, error) : deliverAfter(error.pauseMs, one));
  }
  const last = told.at(-1);
  if (last) later.push(deliver(last));
  failWith(await Promise.all(later));
}

/** Tells once more what had become a dead letter. Taken: the letter is settled; else it is dead again, and the run fails. */
export async function resentNotification(one: Notification): Promise<void> {
  const letter = await deliver(one);
  if (letter === null) await CancellationScope.nonCancellable(() => keepingDeadLetters.settleDeadLetter(one));
  failWith([letter]);
}

interface DeadLetter {
  id: string;
  why: string;
  error: unknown;
}

/** Why a notification was not taken. `final`: it is never to be posted again by itself. */
interface NotTaken {
  error: unknown;
  why: string;
  final: boolean;
  pauseMs: number;
}

/** For a day. Null: the receiver took it. */
async function deliver(one: Notification): Promise<DeadLetter | null> {
  const error = await post(one, notifying(one.type));
  return error && keep(one, error);
}

async function deliverAfter(pauseMs: number, one: Notification): Promise<DeadLetter | null> {
  try {
    await sleep(pauseMs, { summary: `before ${one.type} is posted again` });
  } catch (error) {
    return keep(one, notTaken(error));
  }
  return deliver(one);
}

async function post(one: Notification, { notifyOutcome }: ReturnType<typeof notifying>) {
  try {
    await notifyOutcome(one);
    return null;
  } catch (error) {
    return notTaken(error);
  }
}

function notTaken(error: unknown): NotTaken {
  const told = { error, final: true, pauseMs: firstPauseMs };
  if (isCancellation(error)) return { ...told, why: 'somebody canceled the run that was to post it' };
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const [asked] = (cause.details ?? []) as { pauseMs: number }[];
    const pauseMs = asked?.pauseMs ?? firstPauseMs;
    return { error, why: cause.message, final: cause.nonRetryable === true, pauseMs };
  }
  // The day was over while it was posted: what the try before met says more.
  const before = cause instanceof TimeoutFailure ? cause.failure?.cause?.message : null;
  return { ...told, why: before || (cause?.message ?? error.message), final: false };
}

/** Also when the run is canceled: nothing that was to be told is forgotten. */
async function keep(one: Notification, { why, error }: NotTaken): Promise<DeadLetter> {
  const { id } = await CancellationScope.nonCancellable(() =>
    keepingDeadLetters.keepDeadLetter({ notification: one, error: why }),
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
