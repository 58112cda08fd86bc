import type { Attempt } from '../../../../workflows/callOutcome.js';

/** How long an attempt spent with what, in seconds. None is negative. */
export interface AttemptPhases {
  /** From the end of the attempt before, or the start of the call, until it was placed. */
  waited: number;
  /** From the placement until the phone rang. */
  queued: number;
  rang: number;
  talked: number;
  /** What clocks that differ would make negative, in words. */
  skew: string[];
}

/**
 * The phases of an attempt. `from`: when the wait before it began. `now`: for an attempt under way. Times come from
 * Twilio's clock and from ours, and Twilio's have whole seconds. So a time may lie before the one that it follows: the
 * phase between them is nothing then, and the skew says so if it is more than that second.
 */
export function attemptPhases(attempt: Attempt, { from, now }: { from: string; now: string }): AttemptPhases {
  const skew: string[] = [];
  const { placedAt, answeredAt } = attempt;
  const endedAt = attempt.endedAt ?? (attempt.outcome === null ? now : null);
  const rangAt =
    attempt.evidence.updates.find(({ status, at }) => status === 'ringing' && at !== null)?.at ?? null;
  const between = (what: string, start: string | null, end: string | null): number => {
    if (start === null || end === null) return 0;
    const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
    if (seconds < -1)
      skew.push(`Clocks differ: by Twilio's clock ${what} ended ${Math.round(-seconds)} s before it began`);
    return Math.max(0, seconds);
  };
  const waited = placedAt === null ? 0 : between('the wait', from, placedAt);
  const queued = between('the time in the queue', placedAt, rangAt ?? answeredAt ?? endedAt);
  const rang = between('the ringing', rangAt, answeredAt ?? endedAt);
  const talked = between('the conversation', answeredAt, endedAt);
  return { waited, queued, rang, talked, skew };
}
