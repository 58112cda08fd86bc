import type { Forbidden } from '../callActivities.js';
import type { DecidedBy, EndedBecause, LookupEvidence } from '../callOutcome.js';
import type { CallPlan } from '../callRequest.js';
import {
  canceledVerdict,
  expiredVerdict,
  type Verdict,
  verdictOfForbidden,
  verdictOfLookup,
  windowNeverOpens,
} from './verdict.js';
import { forbiddenMessage } from './wording.js';

/** A verdict, where it came from, and why no attempt follows. */
export type Decision = Verdict & { decidedBy: DecidedBy; endedBecause: EndedBecause };

/** Why no further attempt was placed. */
export type NotPlaced =
  | { by: 'canceled' }
  /** `giveUpAt` has passed, or would have by the time at which the attempt could begin. */
  | { by: 'give-up-at' }
  /** The window is never open in all of these zones at once; empty: no zone is known for the number. */
  | { by: 'window-never-opens'; timeZones: string[] }
  /** The outcome was recorded before somebody reset the workflow: whatever is decided now, the record counts. */
  | { by: 'already-recorded' }
  | Forbidden;

/** What Lookup says against dialing the number at all; null when nothing does. */
export function rejectedByLookup({
  lookup,
  plan,
}: {
  lookup: LookupEvidence | null;
  plan: Pick<CallPlan, 'lookup'>;
}): Decision | null {
  const verdict = lookup && verdictOfLookup(lookup, plan.lookup);
  return verdict && { ...verdict, decidedBy: 'lookup', endedBecause: neverRetried(verdict) };
}

/** How a call ends whose next attempt is not placed: as its last attempt did, or, without one, by what forbids it. */
export function decisionWithoutAttempt(
  call: { cancelReason: string | null },
  why: NotPlaced,
  last: Decision | null,
): Decision {
  if (why.by === 'canceled') return canceledDecision(call, last);
  const endedBecause = endedBecauseOf(why);
  if (last) return { ...last, endedBecause };
  switch (why.by) {
    case 'window-never-opens':
      return { ...windowNeverOpens(why.timeZones), decidedBy: 'policy', endedBecause };
    case 'give-up-at':
    case 'already-recorded':
      return { ...expiredVerdict, decidedBy: 'policy', endedBecause };
    case 'known-invalid':
      // What another call has shown of the number counts as shown in this one, by the same source.
      return {
        ...verdictOfForbidden(why),
        decidedBy: why.source === 'lookup' ? 'lookup' : 'create',
        endedBecause,
      };
    default:
      return { ...verdictOfForbidden(why), decidedBy: 'policy', endedBecause };
  }
}

/**
 * Canceled while Twilio had no call of ours. What earlier attempts showed of the number stays true; and a call that a
 * machine answered was answered, even if it waited to try again for a person.
 */
export function canceledDecision(call: { cancelReason: string | null }, last: Decision | null): Decision {
  const endedBecause = canceledBecause(call.cancelReason);
  if (last?.outcome === 'answered') return { ...last, endedBecause };
  const verdict = canceledVerdict(call.cancelReason);
  const reachability = last?.reachability ?? verdict.reachability;
  return { ...verdict, reachability, decidedBy: 'cancel', endedBecause };
}

export function canceledBecause(reason: string | null): EndedBecause {
  return { code: 'canceled', message: reason ? `Canceled: ${reason}` : 'Canceled on request' };
}

/** The verdict itself rules out another attempt, whatever the retry policy says. */
export function neverRetried({ outcome }: Pick<Verdict, 'outcome'>): EndedBecause {
  return outcome === 'answered'
    ? { code: 'answered', message: 'The call was answered' }
    : { code: 'never-retried', message: `A call is never dialed again after this ${outcome}` };
}

/** What rules out every attempt, as a code and a sentence. */
export function endedBecauseOf(why: Exclude<NotPlaced, { by: 'canceled' }>): EndedBecause {
  switch (why.by) {
    case 'give-up-at':
      return { code: 'give-up-at', message: 'No attempt could begin before giveUpAt' };
    case 'window-never-opens':
      return { code: 'window-never-opens', message: windowNeverOpens(why.timeZones).reason?.message ?? '' };
    case 'already-recorded':
      return { code: 'already-recorded', message: 'The outcome was on record before the workflow was reset' };
    default:
      return { code: why.by, message: forbiddenMessage(why) };
  }
}
