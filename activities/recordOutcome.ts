import type { CallOutcome } from '../workflows/callOutcome.js';
import { callIdTaken } from './callIdTaken.js';
import type { World } from './world.js';

/** Writes the outcome of a call. Throws while the store is away; the workflow has Temporal try for as long as it takes. */
export function recordOutcome({ store, notice }: World) {
  return async ({ outcome }: { outcome: CallOutcome }): Promise<CallOutcome> => {
    await store.saveOutcome(outcome);
    const recorded = (await store.findCallState(outcome.callId))?.outcome ?? outcome;
    if (recorded.to !== outcome.to || recorded.from !== outcome.from) throw callIdTaken(outcome.callId);
    notice({ kind: 'recorded', outcome: recorded.outcome, decidedBy: recorded.decidedBy });
    return recorded;
  };
}
