import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apiConfiguration, devConfiguration, workerConfiguration } from '../../src/config/configuration.js';
import { environment } from '../../src/config/environment.js';
import { complete } from './faultsOf.js';

describe('docs/configuration.md', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const defaultOf = new Map(
    cells.map(([, name, , otherwise]) => [name?.replaceAll('`', ''), otherwise?.replaceAll('`', '')]),
  );

  it('names every variable that is read', () => {
    const documented = cells.flatMap(([, names = '']) => names.match(/[A-Z][A-Z_]+/g) ?? []);
    const others = [
      'TEMPORAL_CLI_PATH',
      'RINGTRUE_API_URL',
      'RINGTRUE_API_TOKEN',
      'PGSSLROOTCERT',
      'HTTPS_PROXY',
      'NO_PROXY',
      'NODE_EXTRA_CA_CERTS',
      'TWILIO_CA_BUNDLE',
    ];
    expect(documented.filter((name) => !/^TEMPORAL_(?!CLI)/.test(name)).sort()).toEqual(
      [...Object.keys(environment.shape), ...others].sort(),
    );
  });

  it('states the defaults in force', () => {
    const { activities, host, taskQueue, temporal } = workerConfiguration(complete);
    const { port, logLevel } = apiConfiguration(complete);
    const dev = devConfiguration({});
    const inForce = {
      RINGTRUE_TASK_QUEUE: taskQueue,
      RINGTRUE_CPS: activities.callsPerSecond,
      RINGTRUE_CALLS_PER_NUMBER: activities.callsPerNumber,
      RINGTRUE_REMEMBER_INVALID_SECONDS: activities.rememberInvalidSeconds,
      RINGTRUE_CALLBACK_WAIT_SECONDS: activities.callbackWaitSeconds,
      RINGTRUE_POLL_INTERVAL_SECONDS: activities.pollIntervalSeconds,
      RINGTRUE_DECIDE_WITHIN_SECONDS: activities.decideWithinSeconds,
      RINGTRUE_ABSENT_AFTER_SECONDS: activities.absentAfterSeconds,
      RINGTRUE_DO_NOT_CALL_OPT_OUTS: activities.doNotCall.addOptOuts,
      PORT: port,
      HOST: host,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      RINGTRUE_LOG_LEVEL: logLevel,
      RINGTRUE_TEMPORAL_PORT: dev.temporalServer?.port,
      RINGTRUE_SIMULATOR_PORT: dev.simulatorPort,
    };
    for (const [name, value] of Object.entries(inForce))
      expect(`${name}: ${defaultOf.get(name)?.split(/[;,]/)[0]}`).toBe(`${name}: ${value}`);
  });
});
