import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import {
  registerCommand,
  searchAttributeNames,
  searchAttributeStates,
} from '../temporal/searchAttributes.js';
import {
  describeServer,
  errorText,
  isNamespaceMissing,
  isTemporalAway,
  lazyClient,
  noNamespace,
} from '../temporal/temporalClient.js';
import { type DoctorCheck, type Finding, fault, fine, NotChecked, once } from './doctorCheck.js';

const answersWithinMs = 5_000;
/**
 * For so long after its end the run of a call must be readable: workers look through all recorded calls within
 * a day, and a call at Twilio may last as long.
 */
const neededRetentionSeconds = 86_400;

/** What the doctor knows of Temporal. */
export interface TemporalFacts {
  client: Client;
  namespace: string;
  taskQueue: string;
  /** Asks Temporal. Throws `NotChecked` if it does not serve our namespace. */
  ask<T>(work: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function temporalFacts(
  temporal: NonNullable<DoctorConfiguration['temporal']>,
  taskQueue: string,
): TemporalFacts & { serves(): Promise<Finding>; retentionSeconds(): Promise<number | null> } {
  const { namespace } = temporal;
  const client = lazyClient(temporal);
  const underWay = new Set<Promise<unknown>>();
  const within = <T>(work: () => Promise<T>): Promise<T> => {
    const answer = client.withDeadline(Date.now() + answersWithinMs, work);
    const settled: Promise<unknown> = answer.catch(() => {}).then(() => underWay.delete(settled));
    underWay.add(settled);
    return answer;
  };
  const describe = once(() => within(() => client.workflowService.describeNamespace({ namespace })));
  const serves = once(async (): Promise<Finding> => {
    try {
      await describe();
      return fine(`${describeServer(temporal)} answers.`);
    } catch (error) {
      return temporalFault(error, temporal);
    }
  });
  return {
    client,
    namespace,
    taskQueue,
    serves,
    async retentionSeconds() {
      const { config } = await describe();
      const seconds = config?.workflowExecutionRetentionTtl?.seconds;
      return seconds === undefined || seconds === null ? null : Number(seconds);
    },
    async ask(work) {
      if (!(await serves()).ok) throw NotChecked.because('temporal');
      try {
        return await within(() => work(client));
      } catch (error) {
        throw new Error(errorText(error), { cause: error });
      }
    },
    async close() {
      // The client would try again on a closed connection.
      await Promise.all(underWay);
      await client.connection.close();
    },
  };
}

/** The server and its namespace, the retention, and each search attribute. */
export function temporalChecks(facts: ReturnType<typeof temporalFacts>): DoctorCheck[] {
  const attributes = once(() =>
    facts.ask(({ connection }) => searchAttributeStates(connection, facts.namespace)),
  );
  return [
    { name: 'temporal', look: facts.serves, fix: reachTemporal },
    { name: 'temporal-retention', look: () => retentionFinding(facts), fix: reachTemporal },
    ...searchAttributeNames.map(
      (name): DoctorCheck => ({
        name,
        look: () => attributeFinding(name, facts.namespace, attributes),
        fix: `Look with \`temporal operator search-attribute list --namespace ${facts.namespace}\` whether ${name} is there.`,
      }),
    ),
  ];
}

export const reachTemporal =
  'Check TEMPORAL_ADDRESS, and whether Temporal is running and can be reached from this machine.';

function temporalFault(error: unknown, temporal: NonNullable<DoctorConfiguration['temporal']>): Finding {
  const { namespace } = temporal;
  const server = describeServer(temporal);
  if (isNamespaceMissing(error))
    return fault(
      noNamespace(temporal).replace(/ Is TEMPORAL_NAMESPACE right.*$/, ''),
      `Correct TEMPORAL_NAMESPACE, or create the namespace: temporal operator namespace create --namespace ${namespace}`,
    );
  const why = errorText(error).replace(/\.$/, '');
  if (isTemporalAway(error)) return fault(`${server} cannot be reached: ${why}.`, reachTemporal);
  const isRefused = isGrpcServiceError(error) && [7, 16].includes(error.code);
  return fault(
    `${server} does not serve: ${why}.`,
    isRefused
      ? 'Check TEMPORAL_API_KEY or the client certificate (TEMPORAL_TLS_…), and its rights in this namespace.'
      : reachTemporal,
  );
}

async function retentionFinding(facts: ReturnType<typeof temporalFacts>): Promise<Finding> {
  await facts.ask(async () => {});
  const seconds = await facts.retentionSeconds();
  if (seconds === null) return fine('Temporal does not say how long it keeps the runs of calls.');
  const hours = Math.round(seconds / 3600);
  if (seconds >= neededRetentionSeconds)
    return fine(`Temporal keeps the run of a call for ${hours} hours after its end.`);
  return fault(
    `Temporal keeps the run of a call for ${hours} hours after its end; a lost outcome may not be found again.`,
    `Keep it for a day at least: temporal operator namespace update --namespace ${facts.namespace} --retention 168h`,
  );
}

async function attributeFinding(
  name: string,
  namespace: string,
  attributes: () => ReturnType<typeof searchAttributeStates>,
): Promise<Finding> {
  const attribute = (await attributes()).find((one) => one.name === name);
  const type = attribute?.type ?? 'Keyword';
  if (attribute?.state === 'there') return fine(`The search attribute ${name} is registered.`);
  const command = registerCommand(namespace, name, type);
  if (attribute?.state === 'wrong-type')
    return fault(
      `The namespace ${namespace} has a search attribute ${name} of another type than ${type}: calls would hang.`,
      `Remove it (temporal operator search-attribute remove --namespace ${namespace} --name ${name}) and run \`ringtrue setup\`, or use another namespace.`,
    );
  return fault(
    `The namespace ${namespace} has no search attribute ${name}: calls would hang.`,
    `Run \`ringtrue setup\`, or: ${command}. On Temporal Cloud add it under Namespace > Search Attributes.`,
  );
}
