import { type DevConfiguration, demoEnvironment, devConfiguration } from '../config/configuration.js';
import { runDemo } from '../dev/demo/runDemo.js';
import { type Dev, startDev } from '../dev/dev.js';
import { Closing } from '../process/closing.js';
import { freePort, isFree } from '../process/freePort.js';
import { createLog } from '../process/log.js';
import { stopSignal, whenAborted } from '../process/stopSignal.js';

/** `ringtrue dev` and `ringtrue demo`: everything in this process. Returns after a stop signal. */
export async function runDev({ demo, exit }: { demo: boolean; exit: boolean }): Promise<void> {
  const signal = stopSignal();
  const { configuration, left } = demo
    ? await demoConfiguration()
    : { configuration: devConfiguration(process.env), left: [] };
  const log = createLog({ level: configuration.logLevel, secrets: configuration.secrets });
  const closing = new Closing();
  try {
    if (left.length > 0)
      print(`The demo uses a simulated Twilio and its own servers, so it ignores ${left.join(', ')}.`);
    print(demo ? 'Starting the demo …' : 'Starting …');
    const dev = await startDev(configuration, { log, signal, closing });
    print(addresses(dev, configuration));
    if (demo) {
      const { apiTokens } = configuration;
      const { token } = apiTokens.find(({ role }) => role !== 'read') ?? apiTokens[0] ?? {};
      const asExpected = await runDemo(dev, { token, signal });
      if (!asExpected) process.exitCode = 1;
      if (exit) return;
      process.exitCode = 0;
      print(`${addresses(dev, configuration)}\nEverything keeps running; Ctrl-C stops it.`);
    }
    await whenAborted(signal);
    print('\nStopping …');
  } finally {
    await closing.closeAll((what, err) => log.warn({ err }, `${what} could not be closed properly`));
  }
}

/**
 * The demo logs warnings only, and takes other ports if the usual ones are in use and none are configured.
 */
async function demoConfiguration(): Promise<{ configuration: DevConfiguration; left: string[] }> {
  const { env, left } = demoEnvironment(process.env);
  env.RINGTRUE_LOG_LEVEL ||= 'warn';
  const requested = devConfiguration(env);
  const { temporalServer, port, simulatorPort } = requested;
  if (!env.RINGTRUE_TEMPORAL_PORT && temporalServer)
    env.RINGTRUE_TEMPORAL_PORT = await freeOr(temporalServer.port);
  if (!env.RINGTRUE_TEMPORAL_UI_PORT && temporalServer)
    env.RINGTRUE_TEMPORAL_UI_PORT = await freeOr(temporalServer.uiPort);
  if (!env.PORT) env.PORT = await freeOr(port);
  if (!env.RINGTRUE_SIMULATOR_PORT) env.RINGTRUE_SIMULATOR_PORT = await freeOr(simulatorPort);
  return { configuration: devConfiguration(env), left };
}

async function freeOr(port: number): Promise<string> {
  const host = '127.0.0.1';
  return String((await isFree(host, port)) ? port : await freePort(host));
}

function addresses(dev: Dev, { apiTokens, temporal, databaseUrl, dataDirectory }: DevConfiguration): string {
  const rows = [
    ['API', dev.apiUrl],
    ['Page', `${dev.apiUrl}/`],
    ['API page', `${dev.apiUrl}/docs`],
    [
      'Temporal',
      dev.temporalUiUrl ? `${dev.temporalUiUrl}/namespaces/${dev.namespace}/workflows` : temporal.address,
    ],
    ['Twilio', dev.simulatorUrl ? `simulated, ${dev.simulatorUrl}` : 'the real one: calls cost money'],
    ['Data in', databaseUrl === null ? dataDirectory : `${dataDirectory} and the database of DATABASE_URL`],
  ];
  const token = apiTokens.length > 0 ? ` \\\n    -H 'Authorization: Bearer …'` : '';
  const to = dev.simulatorUrl ? '+15005551200' : '+…';
  return [
    '',
    ...rows.map(([name = '', value]) => `  ${name.padEnd(9)} ${value}`),
    '',
    'Try:',
    `  curl ${dev.apiUrl}/calls -H 'Content-Type: application/json'${token} \\`,
    `    -d '{"to": "${to}", "twiml": "<Response><Say>Hello</Say></Response>"}'`,
    '',
  ].join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
