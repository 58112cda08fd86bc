import type { ActivityDeps } from './deps.js';

export function recordCallSid({ store }: ActivityDeps) {
  return async (input: {
    callId: string;
    attempt: number;
    placement: number;
    callSid: string;
  }): Promise<void> => {
    await store.settlePlacement({ ...input, result: 'created' });
  };
}
