import { openStore } from '../../activities/store/openStore.js';
import { setupConfiguration } from '../config/configuration.js';
import { createLog } from '../process/log.js';
import { howToRegister } from '../temporal/searchAttributes.js';
import {
  describeServer,
  errorText,
  isNamespaceMissing,
  isTemporalAway,
  lazyClient,
  needsNoHint,
  noNamespace,
  notListed,
  registerIfListed,
} from '../temporal/temporalClient.js';
import { print } from '../terminal/print.js';

const answersWithinMs = 10_000;

/** A step of `ringtrue setup` did not succeed. */
export class SetUpFailed extends Error {
  override readonly name = 'SetUpFailed';
}

/**
 * `ringtrue setup`: creates what workers and API need. It may run again at any time. Throws `SetUpFailed`.
 */
export async function runSetup(options: { json: boolean }): Promise<void> {
  const configuration = setupConfiguration(process.env);
  const log = createLog({ level: configuration.logLevel, secrets: configuration.secrets });
  const faults: string[] = [];
  /** Null: Temporal does not let us list them. */
  let registered: string[] | null = null;
  const { temporal } = configuration;
  const client = lazyClient(temporal);
  try {
    const register = () => registerIfListed(client.connection, temporal.namespace);
    const added = await client.withDeadline(Date.now() + answersWithinMs, register);
    registered = added;
    if (added === null) log.warn(notListed(temporal.namespace));
    else
      log.info(
        added.length > 0
          ? `Registered the search attributes ${added.join(', ')}.`
          : 'All search attributes are registered.',
      );
  } catch (error) {
    const why = errorText(error).replace(/\.$/, '');
    const byHand = ` If the server forbids it, ${howToRegister(temporal.namespace)}.`;
    const hint = isTemporalAway(error) ? ' Is TEMPORAL_ADDRESS right?' : needsNoHint(error) ? '' : byHand;
    faults.push(
      isNamespaceMissing(error)
        ? noNamespace(temporal)
        : `the search attributes could not be registered (${describeServer(temporal)}): ${why}.${hint}`,
    );
  } finally {
    await client.connection.close();
  }
  if (configuration.databaseUrl === null)
    log.info('DATABASE_URL is not set: there is no outcome store to bring up to date.');
  else {
    try {
      const store = await openStore({ databaseUrl: configuration.databaseUrl }, log);
      await store.close();
      log.info('The outcome store is up to date.');
    } catch (error) {
      faults.push(`the outcome store could not be brought up to date: ${errorText(error)}`);
    }
  }
  const hasStore = configuration.databaseUrl !== null;
  if (options.json) print(options, { ok: faults.length === 0, registered, hasStore, faults }, '');
  if (faults.length > 0)
    throw new SetUpFailed(`Not everything is set up:\n${faults.map((f) => `  - ${f}`).join('\n')}`);
}
