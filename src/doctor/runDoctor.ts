import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { callbackChecks } from './callbackCheck.js';
import { clockChecks } from './clockChecks.js';
import { configurationResults } from './configurationResults.js';
import { type DoctorCheck, type DoctorReport, NotChecked, once, resultOf } from './doctorCheck.js';
import { geoChecks } from './geoChecks.js';
import { notificationChecks } from './notificationChecks.js';
import { devStoreOf, storeOf } from './storeFacts.js';
import { temporalChecks, temporalFacts } from './temporalChecks.js';
import { checkedAccounts, twilioChecks, twilioFacts } from './twilioChecks.js';
import { temporalClockAhead, workerChecks } from './workerChecks.js';

/** Longer than a server needs that works, and than the requests of one check. */
const standardWithinMs = 10_000;

/**
 * Checks a deployment: its configuration, Twilio, Temporal, store, workers, callbacks, clocks and receivers, all
 * at the same time. Reads only, except that it posts one probe to the public URL. Never throws, and ends within
 * `withinMs`.
 */
export async function runDoctor(
  configuration: DoctorConfiguration,
  {
    countries = [],
    withinMs = standardWithinMs,
  }: {
    /** ISO 3166; empty: those of `RINGTRUE_DESTINATIONS`, else that of the caller id. */
    countries?: readonly string[];
    withinMs?: number;
  } = {},
): Promise<DoctorReport> {
  const { twilio, temporal, taskQueue, databaseUrl, faults, destinations } = configuration;
  const store = databaseUrl === null ? devStoreOf(configuration) : storeOf(databaseUrl);
  const accounts = checkedAccounts(configuration).map((account) => ({
    account,
    facts: twilioFacts(account),
  }));
  const ofMain = accounts.find(({ account }) => account.name === null);
  const checked = accounts.map(({ account }) => account);
  const ofTemporal = temporal && temporalFacts(temporal, taskQueue);
  const clockAhead = once(() =>
    ofTemporal ? temporalClockAhead(ofTemporal) : Promise.reject(NotChecked.because('temporal')),
  );
  const checks: DoctorCheck[] = [
    ...(twilio === null
      ? [impossible('twilio-credentials', 'TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is at fault.')]
      : []),
    ...accounts.flatMap(({ account, facts }) => [
      ...twilioChecks(account, facts),
      ...geoChecks(account, facts, { destinations, given: countries }),
    ]),
    ...callbackChecks(configuration, checked),
    ...(ofTemporal
      ? [...temporalChecks(ofTemporal), ...workerChecks(ofTemporal, { store, clockAhead, accounts: checked })]
      : [impossible('temporal', "Temporal's variables (TEMPORAL_…) are at fault.")]),
    ...store.checks,
    ...clockChecks([
      ...(databaseUrl === null
        ? []
        : [{ name: 'clock-database', whose: 'the database', ahead: store.clockAheadSeconds }]),
      ...(ofTemporal ? [{ name: 'clock-temporal', whose: 'Temporal', ahead: clockAhead }] : []),
      ...(ofMain ? [{ name: 'clock-twilio', whose: 'Twilio', ahead: ofMain.facts.clockAheadSeconds }] : []),
    ]),
    ...notificationChecks(store),
  ];
  const results = [
    ...configurationResults(faults),
    ...(await Promise.all(checks.map((check) => resultOf(check, withinMs)))),
  ];
  // What hangs is left behind.
  void Promise.allSettled([store.close(), ofTemporal?.close()]);
  return { ok: results.every(({ ok }) => ok), checks: results };
}

/** A check that lacks what it needs to begin. */
function impossible(name: string, why: string): DoctorCheck {
  const fix = 'Correct the configuration first, then run the doctor again.';
  return { name, fix, look: () => Promise.reject(new NotChecked(why, fix)) };
}
