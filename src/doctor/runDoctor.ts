import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { callbackCheck } from './callbackCheck.js';
import { clockChecks } from './clockChecks.js';
import { configurationResults } from './configurationResults.js';
import { type DoctorCheck, type DoctorReport, NotChecked, once, resultOf } from './doctorCheck.js';
import { geoChecks } from './geoChecks.js';
import { notificationChecks } from './notificationChecks.js';
import { devStoreOf, type StoreFacts, storeOf } from './storeFacts.js';
import { temporalChecks, temporalFacts } from './temporalChecks.js';
import { twilioChecks, twilioFacts } from './twilioChecks.js';
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
  const { twilio, temporal, taskQueue, databaseUrl, faults } = configuration;
  const store = storeFor(configuration);
  const ofTwilio = twilio && twilioFacts({ ...configuration, twilio });
  const ofTemporal = temporal && temporalFacts(temporal, taskQueue);
  const clockAhead = once(() =>
    ofTemporal ? temporalClockAhead(ofTemporal) : Promise.reject(NotChecked.because('temporal')),
  );
  const checks: DoctorCheck[] = [
    ...(twilio && ofTwilio
      ? [
          ...twilioChecks({ ...configuration, twilio }, ofTwilio),
          ...geoChecks(configuration, ofTwilio, countries),
        ]
      : [impossible('twilio-credentials', 'TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is at fault.')]),
    callbackCheck(configuration),
    ...(ofTemporal
      ? [...temporalChecks(ofTemporal), ...workerChecks(ofTemporal, { store, clockAhead })]
      : [impossible('temporal', "Temporal's variables (TEMPORAL_…) are at fault.")]),
    ...store.checks,
    ...clockChecks([
      ...(databaseUrl === null
        ? []
        : [{ name: 'clock-database', whose: 'the database', ahead: store.clockAheadSeconds }]),
      ...(ofTemporal ? [{ name: 'clock-temporal', whose: 'Temporal', ahead: clockAhead }] : []),
      ...(ofTwilio ? [{ name: 'clock-twilio', whose: 'Twilio', ahead: ofTwilio.clockAheadSeconds }] : []),
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

function storeFor(configuration: DoctorConfiguration): StoreFacts & { checks: DoctorCheck[] } {
  const { databaseUrl, twilio } = configuration;
  return databaseUrl === null
    ? devStoreOf(configuration)
    : storeOf(databaseUrl, twilio?.settings.accountSid ?? null);
}

/** A check that lacks what it needs to begin. */
function impossible(name: string, why: string): DoctorCheck {
  const fix = 'Correct the configuration first, then run the doctor again.';
  return { name, fix, look: () => Promise.reject(new NotChecked(why, fix)) };
}
