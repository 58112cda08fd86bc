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
    if (!acceptance.accepted || acceptance.plan.lookup === 'off') return { ...acceptance, lookup: null };
    const { to, lookup: mode } = acceptance.plan;
    return { ...acceptance, lookup: await lookUp({ to, lookup: mode }) };
  };
}
