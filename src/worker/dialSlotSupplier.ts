import { setTimeout as pause } from 'node:timers/promises';
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { OnStage } from '../../activities/place-call/placeCall.js';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';

/** An order to dial is fetched so long before the calls-per-second slot that it can have. */
export const fetchAheadSeconds = 0.25;
/** Orders that one worker has in hand at most; each ends within a few HTTP time-outs. */
const maxReserved = 500;
/** While nothing is dialed, so many at a time are fetched and told why. */
const mostTold = 20;
/** For so long an answer of the store may be used up. */
const answerValidMs = 200;
/** No answer from the store, or no call of the account over: asked again after this. */
const checkAgainMs = 500;
const longestWaitMs = 1000;
/** Nothing but an order of our own can make room, and its end is seen at once: asked again all the same. */
const idleMs = 30_000;

export interface DialSlotSupplier {
  supplier: CustomSlotSupplier<ActivitySlotInfo>;
  onClaim: OnStage;
  onCheck: OnStage;
}

/**
 * Fetches an order to dial only when the account has room for it: until then orders stay in Temporal's queue, which
 * keeps them in order. What is fetched counts against the room until the store counts it, from its claim on.
 *
 * It takes nothing: the claim decides. Two workers that see the same room may fetch one order too many, which then
 * waits a moment in its activity.
 */
export function dialSlotSupplier(readCapacity: () => Promise<Capacity>): DialSlotSupplier {
  const waiters: { grant(): void }[] = [];
  /** Slots given out, and how many of those hold an order that has its claim. */
  let reserved = 0;
  let claimed = 0;
  let checkingEligibility = 0;
  let free = 0;
  let validUntil = 0;
  let granting = false;
  let wake = () => {};

  function grantFree(): void {
    while (waiters.length > 0 && free > 0 && Date.now() < validUntil) {
      free--;
      reserved++;
      waiters.shift()?.grant();
    }
  }

  async function grantWhenFree(): Promise<void> {
    if (granting) return;
    granting = true;
    try {
      for (grantFree(); waiters.length > 0; grantFree()) {
        const { available: room, waitSeconds } = await capacityOf(readCapacity);
        free = Math.min(room - (reserved - claimed - checkingEligibility), maxReserved - reserved);
        validUntil = Date.now() + answerValidMs;
        grantFree();
        if (waiters.length > 0) await nextCheck(room, waitSeconds);
      }
    } finally {
      granting = false;
    }
  }

  function nextCheck(room: number, waitSeconds: number): Promise<unknown> {
    const enough = new AbortController();
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    // Workers that ask at different moments see what the others have taken.
    const ms =
      room > 0
        ? idleMs
        : Math.min(waitSeconds > 0 ? waitSeconds * 1000 : checkAgainMs, longestWaitMs) + jitterMs();
    const slept = pause(ms, undefined, { signal: enough.signal, ref: false }).catch(() => {});
    return Promise.race(room > 0 ? [slept, woken] : [slept]).finally(() => enough.abort());
  }

  return {
    supplier: {
      type: 'custom',
      reserveSlot: (_, signal) =>
        new Promise((resolve, reject) => {
          const waiter = {
            grant() {
              signal.removeEventListener('abort', leave);
              resolve({});
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
      // Only for orders that come without being fetched: the queue has no workflows, so there are none.
      tryReserveSlot: () => null,
      markSlotUsed() {},
      releaseSlot() {
        reserved--;
        wake();
      },
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

/** When the store cannot be asked, and while nothing is dialed, calls are told so instead of waiting unseen. */
async function capacityOf(
  readCapacity: () => Promise<Capacity>,
): Promise<{ available: number; waitSeconds: number }> {
  const answer = await readCapacity().catch(() => null);
  if (answer === null || answer.stopped !== null) return { available: mostTold, waitSeconds: 0 };
  return answer;
}

function jitterMs(): number {
  return Math.random() * 0.5 * fetchAheadSeconds * 1000;
}
