import type { RecordAttemptInput } from '../workflows/callActivities.js';
import type { ActivityDeps } from './deps.js';

export function recordAttempt({ store }: ActivityDeps) {
  return (progress: RecordAttemptInput): Promise<void> => store.saveAttempt(progress);
}
