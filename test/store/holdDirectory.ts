import { lockDirectory } from '../../activities/store/database/directoryLock.js';
import { openStore } from '../../activities/store/openStore.js';
import { outcome } from './records.js';

/** A process that takes a directory and stays: `holdDirectory.ts lock|store DIRECTORY [CALL ID]`. */
const [, , what, directory = '', callId = ''] = process.argv;
if (what === 'lock') {
  const lock = await lockDirectory(directory);
  process.on('SIGTERM', () => void lock.release().then(() => process.exit(0)));
} else {
  const store = await openStore({ directory });
  await store.saveOutcome(outcome(callId));
}
process.stdout.write('held');
setInterval(() => {}, 60_000);
