import { setTimeout as pause } from 'node:timers/promises';
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { DialRoom } from '../activities/dialGate.js';
import type { OnClaim } from '../activities/placeCall.js';

/** An order to dial is fetched so long before the calls-per-second slot that it can have. */
export const fetchAheadSeconds = 0.25;
/** Orders that one worker has in hand at most; each ends within a few HTTP time-outs. */
const mostInHand = 500;
/** While nothing is dialled, so many at a time are fetched and told why. */
const mostTold = 20;
/** For so long an answer of the store may be used up. */
const freshMs = 200;
/** No answer from the store, or no call of the account over: asked again after this. */
const askAgainMs = 500;
const longestWaitMs = 1000;
/** Nothing but an order of our own can make room, and its end is seen at once: asked again all the same. */
const idleMs = 30_000;

export interface DialTurns {
  supplier: CustomSlotSupplier<ActivitySlotInfo>;
  onClaim: OnClaim;
  onAsk: OnClaim;
}

/**
 * Fetches an order to dial only when the account has room for it: until then orders stay in Temporal's queue, which
 * keeps them in order. What is fetched counts against the room until the store counts it, from its claim on.
 *
 * It takes nothing: the claim decides. Two workers that see the same room may fetch one order too many, which then
 * waits a moment in its activity.
 */
export function dialTurns(ask: () => Promise<DialRoom>): DialTurns {
  const waiting: { admit(): void }[] = [];
  /** Slots given out, and how many of those hold an order that has its claim. */
  let inHand = 0;
  let claimed = 0;
  let asking = 0;
  let free = 0;
  let freshUntil = 0;
  let admitting = false;
  let wake = () => {};

  function admitFree(): void {
    while (waiting.length > 0 && free > 0 && Date.now() < freshUntil) {
      free--;
      inHand++;
      waiting.shift()?.admit();
    }
  }

  async function admitAll(): Promise<void> {
    if (admitting) return;
    admitting = true;
    try {
      for (admitFree(); waiting.length > 0; admitFree()) {
        const { room, waitSeconds } = await roomOf(ask);
        free = Math.min(room - (inHand - claimed - asking), mostInHand - inHand);
        freshUntil = Date.now() + freshMs;
        admitFree();
        if (waiting.length > 0) await nextLook(room, waitSeconds);
      }
    } finally {
      admitting = false;
    }
  }

  function nextLook(room: number, waitSeconds: number): Promise<unknown> {
    const enough = new AbortController();
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    // Workers that ask at different moments see what the others have taken.
    const ms =
      room > 0
        ? idleMs
        : Math.min(waitSeconds > 0 ? waitSeconds * 1000 : askAgainMs, longestWaitMs) + jitterMs();
    const slept = pause(ms, undefined, { signal: enough.signal, ref: false }).catch(() => {});
    return Promise.race(room > 0 ? [slept, woken] : [slept]).finally(() => enough.abort());
  }

  return {
    supplier: {
      type: 'custom',
      reserveSlot: (_, signal) =>
        new Promise((resolve, reject) => {
          const turn = {
            admit() {
              signal.removeEventListener('abort', leave);
              resolve({});
            },
          };
          function leave() {
            waiting.splice(waiting.indexOf(turn), 1);
            reject(signal.reason);
          }
          signal.addEventListener('abort', leave, { once: true });
          waiting.push(turn);
          void admitAll();
        }),
      // Only for orders that come without being fetched: the queue has no workflows, so there are none.
      tryReserveSlot: () => null,
      markSlotUsed() {},
      releaseSlot() {
        inHand--;
        wake();
      },
    },
    onAsk() {
      asking++;
      wake();
      return () => {
        asking--;
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

/** When the store cannot be asked, and while nothing is dialled, calls are told so instead of waiting unseen. */
async function roomOf(ask: () => Promise<DialRoom>): Promise<{ room: number; waitSeconds: number }> {
  const answer = await ask().catch(() => null);
  if (answer === null || answer.stopped !== null) return { room: mostTold, waitSeconds: 0 };
  return answer;
}

function jitterMs(): number {
  return Math.random() * 0.5 * fetchAheadSeconds * 1000;
}
