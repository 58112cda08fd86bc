import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../process/log.js';
import { errorText } from '../temporal/temporalClient.js';
import { type ErasureParts, eraseNumber } from './eraseNumber.js';

/** Each worker asks the store this often. */
const askEveryMs = 2000;
/** A worker that is gone is replaced after this time. */
const leaseSeconds = 30;
/** While something keeps an erasure from going on. */
const tryAgainSeconds = 10;

/**
 * Works on the erasures that clients requested. An erasure is in the store until nothing of its number is left, so one that a
 * crash interrupts goes on with another worker. Ends with the signal.
 */
export async function watchErasures(
  parts: ErasureParts & { log: Pick<Log, 'info' | 'warn'>; signal: AbortSignal; askEveryMs?: number },
): Promise<void> {
  const { signal, log } = parts;
  let lastTrouble = '';
  while (!signal.aborted) {
    const trouble = await eraseNext(parts).then(() => '', errorText);
    if (trouble !== '' && trouble !== lastTrouble)
      log.warn(`An erasure does not go on: ${trouble}. ringtrue tries again.`);
    lastTrouble = trouble;
    const pauseMs = (parts.askEveryMs ?? askEveryMs) * (0.75 + Math.random() / 2);
    await pause(pauseMs, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function eraseNext(parts: Parameters<typeof watchErasures>[0]): Promise<void> {
  const { store, signal, log } = parts;
  const erasure = await store.takeErasure(leaseSeconds);
  if (erasure === null) return;
  const { id } = erasure;
  let waitingFor: string | null = null;
  const wait = async (what: string | null) => {
    signal.throwIfAborted();
    waitingFor = what;
    await store.keepErasure({ id, leaseSeconds, waitingFor });
  };
  try {
    if (await eraseNumber(parts, erasure, wait)) {
      await store.finishErasure(id);
      log.info({ erasure: id }, 'An erasure is done.');
    } else
      await store.keepErasure({ id, leaseSeconds: waitingFor === null ? 0 : tryAgainSeconds, waitingFor });
  } catch (error) {
    if (!signal.aborted) throw error;
    // Another worker goes on at once.
    await store.keepErasure({ id, leaseSeconds: 0, waitingFor }).catch(() => {});
  }
}
