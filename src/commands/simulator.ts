import { Registry } from 'prom-client';
import { liveAccounts } from '../config/accounts/liveAccounts.js';
import { simulatorConfiguration } from '../config/configuration.js';
import { simulatedAccounts } from '../dev/simulatedAccounts.js';
import { startSimulatorAt } from '../dev/startSimulatorAt.js';
import { createLog } from '../process/log.js';
import { stopSignal, whenAborted } from '../process/stopSignal.js';
import { simulatorCredentials } from '../simulator/simulatorOptions.js';

/** `ringtrue simulator`: the simulated Twilio alone. Returns after a stop signal. */
export async function runSimulator(): Promise<void> {
  const configuration = simulatorConfiguration(process.env);
  const { secrets } = configuration;
  const log = createLog({ level: configuration.logLevel, secrets });
  const further = liveAccounts(configuration.accounts, { log, metrics: new Registry(), secrets });
  const signal = stopSignal();
  const { accountSid, authToken } = configuration.account ?? simulatorCredentials;
  const simulator = await startSimulatorAt({
    host: configuration.host,
    port: configuration.port,
    accountSid,
    authToken,
    ...(configuration.callsPerSecond === null ? {} : { callsPerSecond: configuration.callsPerSecond }),
    accounts: () => simulatedAccounts(further),
    log: (message) => log.debug(message),
  });
  log.info(
    `The Twilio simulator listens on ${simulator.url}, for account ${accountSid}${configuration.account === null ? ` with auth token ${authToken}` : ''}. To use it, set TWILIO_BASE_URL=${simulator.url}.`,
  );
  await whenAborted(signal);
  log.info(`Stopping: ${signal.reason.message}.`);
  await simulator.close();
}
