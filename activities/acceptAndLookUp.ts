import type { AcceptedCall, CallActivities } from '../workflows/callActivities.js';
import { acceptCall } from './acceptCall.js';
import type { ActivityDeps } from './deps.js';
import { lookUpNumber } from './lookUpNumber.js';

/** Checks a request and freezes its plan; then asks Lookup about the number, if the plan says so. */
export function acceptAndLookUp(deps: ActivityDeps) {
  const accept = acceptCall(deps);
  const lookUp = lookUpNumber(deps);
  return async (input: Parameters<CallActivities['acceptAndLookUp']>[0]): Promise<AcceptedCall> => {
    const acceptance = await accept(input);
    if (!acceptance.accepted) return { ...acceptance, lookup: null };
    const { to, lookup: mode } = acceptance.plan;
    const lookup = mode === 'off' ? null : await lookUp({ to, lookup: mode });
    // For lists, which do not ask the call itself. It may stand in the queue of calls to dial for long.
    if (lookup?.valid !== false) await deps.store.markPlacing(input).catch(() => {});
    return { ...acceptance, lookup };
  };
}
