import type { World } from './world.js';

export function claimCall({ store }: World) {
  return async (claim: {
    callId: string;
    attempt: number;
    round: number;
    callSid: string;
  }): Promise<void> => {
    await store.settleDial({ ...claim, result: 'created' });
  };
}
