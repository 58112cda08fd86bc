import type { CallStateName } from '../../../workflows/callOutcome.js';

/**
 * The states of a call as an attempt passes through them. States between which a call may go back and forth
 * have the same rank: before an attempt is placed, and after it is settled, a call may wait for its calling
 * window or for capacity.
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
 * How far a call is, as one number that the database compares. First the attempt counts, then whether it is
 * settled, then the state.
 */
export function callProgress(at: { attempt: number; decided: boolean; state: CallStateName }): number {
  return at.attempt * 100 + (at.decided ? 10 : 0) + rank[at.state];
}
