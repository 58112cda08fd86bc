import type { World } from './world.js';

export function claimCall({ store }: World) {
  return (claim: { callId: string; attempt: number; round: number; callSid: string }): Promise<void> =>
    store.settleDial({ ...claim, result: 'created' });
}
