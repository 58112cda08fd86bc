import { findAllowedTime } from '../../activities/calling-window/findAllowedTime.js';
import { timeZonesOf } from '../../activities/calling-window/timeZonesOf.js';
import type { EndedBecause } from '../../workflows/callOutcome.js';
import type { CallingWindow, Outcome, RetryClass, RetryPolicy } from '../../workflows/callRequest.js';
import type { RetryBasis } from '../../workflows/rules/retry.js';
import { deadlineOf, isAfter, nextStep } from '../../workflows/rules/retry.js';

/** The circumstances of a dry run. Times are ISO 8601 UTC. */
export interface DryRunScenario {
  startAt: string;
  giveUpAt: string | null;
  /** Null only if the window names its time zone, or there is no window. */
  to: string | null;
  window: CallingWindow | null;
  /** How each attempt turns out; the last verdict repeats. */
  verdicts: RetryBasis[];
}

export interface DryRunResult {
  rings: DryRunAttempt[];
  /** Why no attempt follows. */
  endedBecause: EndedBecause;
  outcome: Outcome;
}

export interface DryRunAttempt {
  attempt: number;
  at: string;
  /** The wait before it by the policy, without the calling window; null before the first attempt. */
  wait: { seconds: number; from: string; because: RetryClass } | null;
  /** The calling window delayed it. */
  heldByWindow: boolean;
}

/** The dry runs of one policy: with the shortest waits that jitter can draw, and with the longest. */
export interface ExplainedPolicy {
  name: string;
  policy: RetryPolicy;
  earliest: DryRunResult;
  latest: DryRunResult;
}

/**
 * Returns when each attempt of a call would ring, by the rules of real calls. Each attempt ends at the moment
 * at which it rings. `random` stands for what jitter draws: 0 for the earliest time, 1 for the latest.
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
  const result = (endedBecause: EndedBecause): DryRunResult => ({ rings, endedBecause, outcome });
  for (let attempt = 1; ; attempt++) {
    const tooLate = (at: string): EndedBecause => ({
      code: 'give-up-at',
      message: `Attempt ${attempt} would ring at ${toTheSecond(at)}, and the call gives up at ${toTheSecond(deadline ?? '')}`,
    });
    if (isAfter(dueAt, deadline)) return result(tooLate(dueAt));
    const at = await allowedTimeOf(scenario, dueAt);
    if (at === null) return result({ code: 'window-never-opens', message: 'The calling window never opens' });
    if (isAfter(at, deadline)) return result(tooLate(at));
    rings.push({ attempt, at, wait, heldByWindow: at !== dueAt });

    const verdict = scenario.verdicts[Math.min(attempt, scenario.verdicts.length) - 1] as RetryBasis;
    outcome = verdict.outcome;
    const step = nextStep(policy, attempt, verdict, () => random);
    if (step.kind === 'stop') return result(step.endedBecause);
    wait = { seconds: step.afterSeconds, from: step.waitFrom, because: step.because };
    dueAt = new Date(Date.parse(at) + step.afterSeconds * 1000).toISOString();
  }
}

/** The time without fractions of a second, which only jitter brings about. */
export function toTheSecond(time: string): string {
  return time.replace(/\.\d+/, '');
}

/** The time zones in which the phone may be; empty if none is known. */
export async function zonesOf({ to, window }: Pick<DryRunScenario, 'to' | 'window'>): Promise<string[]> {
  if (window?.timeZone !== undefined) return [window.timeZone];
  return to === null ? [] : timeZonesOf(to);
}

async function allowedTimeOf({ to, window }: DryRunScenario, from: string): Promise<string | null> {
  if (window === null) return from;
  return (await findAllowedTime({ to: to ?? '', window, from })).opensAt;
}
