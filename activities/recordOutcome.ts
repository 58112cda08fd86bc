import type { CallOutcome } from '../workflows/callOutcome.js';
import type { World } from './world.js';

/** Writes the outcome of a call. Throws while the store is away; the workflow has Temporal try for as long as it takes. */
export function recordOutcome({ store, notice }: World) {
  return async ({ outcome }: { outcome: CallOutcome }): Promise<void> => {
    await store.saveOutcome(outcome);
    notice({ kind: 'recorded', outcome: outcome.outcome, decidedBy: outcome.decidedBy });
  };
}
