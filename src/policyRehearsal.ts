import { findOpening } from '../activities/findOpening.js';
import { timeZonesOf } from '../activities/timeZonesOf.js';
import type { CallingWindow, Outcome, RetryClass, RetryPolicy } from '../workflows/callRequest.js';
import { deadlineOf, isAfter } from '../workflows/deadline.js';
import { nextStep } from '../workflows/nextStep.js';
import type { Ending } from '../workflows/retryClass.js';

/** The circumstances in which a policy is rehearsed. Times are ISO 8601 UTC. */
export interface Scene {
  startAt: string;
  giveUpAt: string | null;
  /** Null: only where the window has a zone of its own, or there is no window. */
  to: string | null;
  window: CallingWindow | null;
  /** How the attempts end, one after the other; the last one repeats. */
  endings: Ending[];
}

export interface Rehearsal {
  rings: Ring[];
  /** Why no attempt follows. */
  ends: string;
  outcome: Outcome;
}

export interface Ring {
  attempt: number;
  at: string;
  /** What was waited for before it, but for the window; null before the first attempt. */
  wait: { seconds: number; from: string; because: RetryClass } | null;
  /** It would have rung earlier, had the calling window been open. */
  heldByWindow: boolean;
}

/**
 * When each attempt of a call would ring, by the rules that calls go by; as if each attempt ended in the moment in which
 * it rings. `chance` stands for what jitter draws: 0 for the earliest, 1 for the latest.
 */
export async function rehearse(policy: RetryPolicy, scene: Scene, chance: number): Promise<Rehearsal> {
  const deadline = deadlineOf(policy, {
    startedAt: scene.startAt,
    notBefore: null,
    giveUpAt: scene.giveUpAt,
  });
  const rings: Ring[] = [];
  let dueAt = scene.startAt;
  let wait: Ring['wait'] = null;
  let outcome: Outcome = 'expired';
  const ended = (ends: string): Rehearsal => ({ rings, ends, outcome });
  for (let attempt = 1; ; attempt++) {
    const tooLate = (at: string) =>
      `attempt ${attempt} would ring at ${toTheSecond(at)}, and the call gives up at ${toTheSecond(deadline ?? '')}`;
    if (isAfter(dueAt, deadline)) return ended(tooLate(dueAt));
    const at = await openingOf(scene, dueAt);
    if (at === null) return ended('the calling window never opens');
    if (isAfter(at, deadline)) return ended(tooLate(at));
    rings.push({ attempt, at, wait, heldByWindow: at !== dueAt });

    const ending = scene.endings[Math.min(attempt, scene.endings.length) - 1] as Ending;
    outcome = ending.outcome;
    const step = nextStep(policy, attempt, ending, () => chance);
    if (step.kind === 'stop') return ended(step.why);
    wait = { seconds: step.afterSeconds, from: step.waitFrom, because: step.because };
    dueAt = new Date(Date.parse(at) + step.afterSeconds * 1000).toISOString();
  }
}

/** Fractions of a second come from chance alone. */
export function toTheSecond(time: string): string {
  return time.replace(/\.\d+/, '');
}

/** The zones on whose clocks the callee may look; none where nothing is known of them. */
export async function zonesOf({ to, window }: Pick<Scene, 'to' | 'window'>): Promise<string[]> {
  if (window?.timeZone !== undefined) return [window.timeZone];
  return to === null ? [] : timeZonesOf(to);
}

async function openingOf({ to, window }: Scene, from: string): Promise<string | null> {
  if (window === null) return from;
  return (await findOpening({ to: to ?? '', window, from })).opensAt;
}
