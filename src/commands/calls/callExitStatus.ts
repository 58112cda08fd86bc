import type { Outcome } from '../../../workflows/callRequest.js';
import type { CallOutcome } from '../../client/ringtrue.js';

/** Exit statuses of `ringtrue call --wait`. 1 and 2 are those of every command. */
const statuses: Record<Outcome, number> = {
  answered: 0,
  busy: 10,
  'no-answer': 11,
  failed: 12,
  canceled: 13,
  'invalid-number': 14,
  rejected: 15,
  expired: 16,
  unknown: 17,
};

/** The exit status that says how a call turned out. */
export function callExitStatus(outcome: CallOutcome['outcome']): number {
  return (statuses as Partial<Record<string, number>>)[outcome] ?? statuses.unknown;
}
