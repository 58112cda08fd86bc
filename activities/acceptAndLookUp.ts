import type { CallActivities, OpenedCall } from '../workflows/callActivities.js';
import { acceptCall } from './acceptCall.js';
import { lookUpNumber } from './lookUpNumber.js';
import type { World } from './world.js';

/** Checks a request and freezes its plan; then asks Lookup about the number, if the plan says so. */
export function acceptAndLookUp(world: World) {
  const accept = acceptCall(world);
  const lookUp = lookUpNumber(world);
  return async (input: Parameters<CallActivities['acceptAndLookUp']>[0]): Promise<OpenedCall> => {
    const acceptance = await accept(input);
    if (!acceptance.accepted) return { ...acceptance, lookup: null };
    const { to, lookup: mode } = acceptance.plan;
    const lookup = mode === 'off' ? null : await lookUp({ to, lookup: mode });
    // For lists, which do not ask the call itself. It may stand in the queue of calls to dial for long.
    if (lookup?.valid !== false) await world.store.notePlacing(input).catch(() => {});
    return { ...acceptance, lookup };
  };
}
