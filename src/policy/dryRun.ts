import { findAllowedTime } from '../../activities/calling-window/findAllowedTime.js';
import { timeZonesOf } from '../../activities/calling-window/timeZonesOf.js';
import type { CallingWindow, Outcome, RetryClass, RetryPolicy } from '../../workflows/callRequest.js';
import type { RetryBasis } from '../../workflows/rules/retry.js';
import { deadlineOf, isAfter, nextStep } from '../../workflows/rules/retry.js';

/** The circumstances in which a policy is rehearsed. Times are ISO 8601 UTC. */
export interface DryRunScenario {
  startAt: string;
  giveUpAt: string | null;
  /** Null: only where the window has a zone of its own, or there is no window. */
  to: string | null;
  window: CallingWindow | null;
  /** How the attempts end, one after the other; the last one repeats. */
  verdicts: RetryBasis[];
}

export interface DryRunResult {
  rings: DryRunAttempt[];
  /** Why no attempt follows. */
  ends: string;
  outcome: Outcome;
}

export interface DryRunAttempt {
  attempt: number;
  at: string;
  /** What was waited for before it, but for the window; null before the first attempt. */
  wait: { seconds: number; from: string; because: RetryClass } | null;
  /** It would have rung earlier, had the calling window been open. */
  heldByWindow: boolean;
}

/** A policy, rehearsed with the shortest waits that chance may draw, and with the longest. */
export interface ExplainedPolicy {
  name: string;
  policy: RetryPolicy;
  earliest: DryRunResult;
  latest: DryRunResult;
}

/**
 * When each attempt of a call would ring, by the rules that calls go by; as if each attempt ended in the moment in which
 * it rings. `chance` stands for what jitter draws: 0 for the earliest, 1 for the latest.
 */
export async function dryRun(
  policy: RetryPolicy,
  scenario: DryRunScenario,
  random: number,
): Promise<DryRunResult> {
  const deadline = deadlineOf(policy, {
    startedAt: scenario.startAt,
    notBefore: null,
    giveUpAt: scenario.giveUpAt,
  });
  const rings: DryRunAttempt[] = [];
  let dueAt = scenario.startAt;
  let wait: DryRunAttempt['wait'] = null;
  let outcome: Outcome = 'expired';
  const result = (ends: string): DryRunResult => ({ rings, ends, outcome });
  for (let attempt = 1; ; attempt++) {
    const tooLate = (at: string) =>
      `attempt ${attempt} would ring at ${toTheSecond(at)}, and the call gives up at ${toTheSecond(deadline ?? '')}`;
    if (isAfter(dueAt, deadline)) return result(tooLate(dueAt));
    const at = await allowedTimeOf(scenario, dueAt);
    if (at === null) return result('the calling window never opens');
    if (isAfter(at, deadline)) return result(tooLate(at));
    rings.push({ attempt, at, wait, heldByWindow: at !== dueAt });

    const verdict = scenario.verdicts[Math.min(attempt, scenario.verdicts.length) - 1] as RetryBasis;
    outcome = verdict.outcome;
    const step = nextStep(policy, attempt, verdict, () => random);
    if (step.kind === 'stop') return result(step.endedBecause.message);
    wait = { seconds: step.afterSeconds, from: step.waitFrom, because: step.because };
    dueAt = new Date(Date.parse(at) + step.afterSeconds * 1000).toISOString();
  }
}

/** Fractions of a second come from chance alone. */
export function toTheSecond(time: string): string {
  return time.replace(/\.\d+/, '');
}

/** The zones on whose clocks the callee may look; none where nothing is known of them. */
export async function zonesOf({ to, window }: Pick<DryRunScenario, 'to' | 'window'>): Promise<string[]> {
  if (window?.timeZone !== undefined) return [window.timeZone];
  return to === null ? [] : timeZonesOf(to);
}

async function allowedTimeOf({ to, window }: DryRunScenario, from: string): Promise<string | null> {
  if (window === null) return from;
  return (await findAllowedTime({ to: to ?? '', window, from })).opensAt;
}
