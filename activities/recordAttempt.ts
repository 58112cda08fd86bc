import type { CallProgress } from '../workflows/callActivities.js';
import type { World } from './world.js';

export function recordAttempt({ store }: World) {
  return (progress: CallProgress): Promise<void> => store.saveAttempt(progress);
}
