import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { OutcomeStore } from '../../activities/outcomeStore.js';
import type { ActivitySettings } from '../../activities/settings.js';
import { openStore } from '../../activities/store/openStore.js';
import { type CallBench, startCallBench } from './callBench.js';
import { type ScriptedTwilio, startScriptedTwilio } from './scriptedTwilio.js';

/** What the tests of a file share. Filled in before they run; Twilio's answers are the usual ones again before each. */
export interface Fates {
  store: OutcomeStore;
  twilio: ScriptedTwilio;
  /** Twilio as it answers when no test decides otherwise. */
  usual: ScriptedTwilio;
  bench: CallBench;
  /** A destination that no other test calls. */
  to: string;
}

/** A real worker, store and Temporal server for a file of tests, and a Twilio whose answers they decide. */
export function useCallBench(settings: Partial<ActivitySettings> = {}): Fates {
  const fates = {} as Fates;
  const area = String(Math.floor(Math.random() * 1e6)).padStart(6, '0');
  let number = 100;
  beforeAll(async () => {
    fates.store = await openStore({ databaseUrl: inject('databaseUrl') });
    fates.twilio = await startScriptedTwilio();
    fates.usual = { ...fates.twilio };
    fates.bench = await startCallBench({ store: fates.store, twilioUrl: fates.twilio.url, settings });
  });
  beforeEach(() => {
    fates.to = `+15${area}${++number}`;
    Object.assign(fates.twilio, fates.usual, { creates: [], requests: [], calls: [], notifications: [] });
  });
  afterAll(async () => {
    await fates.bench.stop();
    await fates.twilio.close();
    await fates.store.close();
  });
  return fates;
}
