import { setTimeout as pause } from 'node:timers/promises';
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { OnStage } from '../../activities/place-call/placeCall.js';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';

/** A `placeCall` task is fetched this long before the rate limit lets it be sent. */
export const fetchAheadSeconds = 0.25;
/** Most tasks that one worker holds. Each ends within a few HTTP time-outs. */
const maxReserved = 500;
/** While nothing is dialed, this many tasks are fetched at a time, so that their calls learn why. */
const maxWhileStopped = 20;
/** How long an answer of the store may be used. */
const answerValidMs = 200;
/** When to ask again without an answer of the store, or while no call of the account has ended. */
const checkAgainMs = 500;
const longestWaitMs = 1000;
/** Where tasks wait, a poll takes some milliseconds. Where none wait, it lasts, and hardly a task comes at the moment it is cut off. */
const noPollEndsMs = 1000;
/**
 * Only the end of a task of this worker can free a slot, and that is seen at once. Asks again all the same.
 */
const idleMs = 30_000;

export interface DialSlotSupplier {
  supplier: CustomSlotSupplier<ActivitySlotInfo>;
  /** Starts no further poll. Resolves once every poll under way has ended, or none has ended for a second. */
  stopPolling(): Promise<void>;
  onClaim: OnStage;
  onCheck: OnStage;
}

/**
 * Polls for a `placeCall` task only while the account has capacity, so that Temporal keeps waiting calls in
 * priority order. A fetched task counts against the capacity until its claim, from which on the store counts
 * it.
 *
 * The claim decides, not this. Two workers that see the same capacity may fetch one task too many, which then
 * waits a moment in its activity.
 */
export function dialSlotSupplier(readCapacity: () => Promise<Capacity>): DialSlotSupplier {
  const waiters: { grant(): void }[] = [];
  /** Slots given out, and how many of them hold a task that has its claim. */
  let reserved = 0;
  let claimed = 0;
  let checkingEligibility = 0;
  let free = 0;
  let validUntil = 0;
  let granting = false;
  let wake = () => {};
  /** Slots given to a poll that has brought no task yet. */
  const polling = new Set<object>();
  let isStopping = false;
  let onPollEnded = () => {};

  function pollEnded(permit: object): void {
    if (polling.delete(permit)) onPollEnded();
  }

  function grantFree(): void {
    while (waiters.length > 0 && free > 0 && Date.now() < validUntil && !isStopping) {
      free--;
      reserved++;
      waiters.shift()?.grant();
    }
  }

  async function grantWhenFree(): Promise<void> {
    if (granting) return;
    granting = true;
    try {
      for (grantFree(); waiters.length > 0 && !isStopping; grantFree()) {
        const { available, waitSeconds } = await capacityOf(readCapacity);
        free = Math.min(available - (reserved - claimed - checkingEligibility), maxReserved - reserved);
        validUntil = Date.now() + answerValidMs;
        grantFree();
        if (waiters.length > 0 && !isStopping) await nextCheck(available, waitSeconds);
      }
    } finally {
      granting = false;
    }
  }

  function nextCheck(available: number, waitSeconds: number): Promise<unknown> {
    const enough = new AbortController();
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    // Workers that ask at different times see each other's claims.
    const ms =
      available > 0
        ? idleMs
        : Math.min(waitSeconds > 0 ? waitSeconds * 1000 : checkAgainMs, longestWaitMs) + jitterMs();
    const slept = pause(ms, undefined, { signal: enough.signal, ref: false }).catch(() => {});
    return Promise.race(available > 0 ? [slept, woken] : [slept]).finally(() => enough.abort());
  }

  return {
    supplier: {
      type: 'custom',
      reserveSlot: (_, signal) =>
        new Promise((resolve, reject) => {
          const waiter = {
            grant() {
              signal.removeEventListener('abort', leave);
              const permit = {};
              polling.add(permit);
              resolve(permit);
            },
          };
          function leave() {
            waiters.splice(waiters.indexOf(waiter), 1);
            reject(signal.reason);
          }
          signal.addEventListener('abort', leave, { once: true });
          waiters.push(waiter);
          void grantWhenFree();
        }),
      // Only for eager activities. Their workflows would be on this queue, which has none.
      tryReserveSlot: () => null,
      markSlotUsed: ({ permit }) => pollEnded(permit),
      releaseSlot({ permit }) {
        reserved--;
        pollEnded(permit);
        wake();
      },
    },
    async stopPolling() {
      isStopping = true;
      wake();
      let quiet = false;
      while (polling.size > 0 && !quiet) {
        const pollEnds = new Promise<false>((resolve) => {
          onPollEnded = () => resolve(false);
        });
        quiet = await Promise.race([pollEnds, pause(noPollEndsMs, true, { ref: false })]);
      }
    },
    onCheck() {
      checkingEligibility++;
      wake();
      return () => {
        checkingEligibility--;
      };
    },
    onClaim() {
      claimed++;
      wake();
      return () => {
        claimed--;
      };
    },
  };
}

/**
 * If the store cannot be asked, or nothing may be dialed, tasks are fetched all the same: their calls then
 * show why they wait.
 */
async function capacityOf(
  readCapacity: () => Promise<Capacity>,
): Promise<{ available: number; waitSeconds: number }> {
  const answer = await readCapacity().catch(() => null);
  if (answer === null || answer.stopped !== null) return { available: maxWhileStopped, waitSeconds: 0 };
  return answer;
}

function jitterMs(): number {
  return Math.random() * 0.5 * fetchAheadSeconds * 1000;
}
