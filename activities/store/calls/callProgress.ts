import type { CallStateName } from '../../../workflows/callOutcome.js';

/**
 * States of a call in the order of an attempt's life; those between which a call may go back and forth count the
 * same. Before an attempt is placed, and after it is decided, a call may wait for a window or a slot.
 */
const rank: Record<CallStateName, number> = {
  'looking-up': 0,
  waiting: 0,
  placing: 0,
  'waiting-to-retry': 0,
  queued: 1,
  ringing: 2,
  'in-progress': 3,
  recording: 4,
  done: 5,
};

/**
 * How far a call is, as one number that the database compares: a later attempt is further than an earlier one, a
 * decided attempt further than one under way, and then the state counts.
 */
export function callProgress(at: { attempt: number; decided: boolean; state: CallStateName }): number {
  return at.attempt * 100 + (at.decided ? 10 : 0) + rank[at.state];
}
