import type { StoreLog } from '../../activities/store/database/database.js';
import { postgres } from '../../activities/store/database/postgres.js';
import type { DeadLetter } from '../../activities/store/deadLetters.js';
import { readSchemaState, type SchemaState } from '../../activities/store/migrate.js';
import { outcomeStore } from '../../activities/store/openStore.js';
import type { DialingState } from '../../activities/store/placements/dialingControl.js';
import type { Dialing } from '../client/ringtrue.js';
import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { type DoctorCheck, type Finding, fault, fine, NotChecked, once } from './doctorCheck.js';

/** What the doctor knows of the outcome store. */
export interface StoreFacts {
  /** Its clock minus ours in seconds; null if it is on this machine. */
  clockAheadSeconds(): Promise<number | null>;
  /** Notifications that no receiver accepted, newest first. */
  deadLetters(): Promise<DeadLetter[]>;
  /** Why an account dials nothing now, after "because"; null if it does. */
  whyDialingStopped(accountSid: string): Promise<string | null>;
  close(): Promise<void>;
}

const silent: StoreLog = { warn() {}, info() {} };
export const deadLettersRead = 200;

/** The store in PostgreSQL. Nothing is migrated or written. */
export function storeOf(databaseUrl: string): StoreFacts & { checks: DoctorCheck[] } {
  const db = postgres({ databaseUrl, poolSize: 3 }, silent);
  const store = outcomeStore(db, silent);
  const reached = once(async (): Promise<Finding> => {
    await store.ping();
    return fine('The outcome store answers, and can be written.');
  });
  const serves = async () => {
    await reached().catch(() => Promise.reject(NotChecked.because('store')));
  };
  const schema = once(async () => {
    await serves();
    return readSchemaState(db);
  });
  const current = async () => {
    const { version, needed } = await schema();
    if (version !== needed) throw NotChecked.because('store-schema');
  };
  return {
    checks: [
      { name: 'store', look: reached, fix: reachStore },
      { name: 'store-schema', look: async () => schemaFinding(await schema()), fix: reachStore },
      { name: 'store-rights', look: async () => rightsFinding(await schema()), fix: reachStore },
    ],
    async clockAheadSeconds() {
      await serves();
      const sentAt = Date.now();
      const [row] = await db.query<{ now: number }>(
        'select extract(epoch from clock_timestamp())::float8 as now',
      );
      return (row?.now ?? 0) - (sentAt + Date.now()) / 2000;
    },
    async deadLetters() {
      await current();
      return (await store.listDeadLetters({ state: 'dead', limit: deadLettersRead })).deadLetters;
    },
    async whyDialingStopped(accountSid) {
      await current();
      return whyStopped(await store.readDialing({ accountSid }));
    },
    close: () => store.close(),
  };
}

const reachStore =
  'Check DATABASE_URL, and whether PostgreSQL is running and can be reached from this machine.';

function schemaFinding({ version, needed, hasFunctions }: SchemaState): Finding {
  if (version > needed)
    return fault(
      `The outcome store has schema version ${version}, of a newer ringtrue; this one knows versions up to ${needed}.`,
      'Run the newer ringtrue, or restore the database from before its upgrade.',
    );
  if (version < needed)
    return fault(
      version === 0
        ? 'The outcome store has no tables yet.'
        : `The outcome store has schema version ${version}; this ringtrue needs ${needed}.`,
      'Run `ringtrue setup`.',
    );
  if (!hasFunctions)
    return fault(
      `The outcome store has schema version ${version}, but other functions than this ringtrue's.`,
      'Run `ringtrue setup` of the newest version.',
    );
  return fine(`The outcome store has schema version ${version}, as this ringtrue needs.`);
}

function rightsFinding({ role, schema, mayCreate, foreignTables }: SchemaState): Finding {
  const name = /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
  if (foreignTables.length > 0)
    return fault(
      `The tables ${foreignTables.join(', ')} belong to another role than ${role}.`,
      `As a superuser: GRANT "the owner of the tables" TO ${name}; or log in as that owner in DATABASE_URL.`,
    );
  if (schema === null || !mayCreate)
    return fault(
      `The role ${role} may not create tables in the schema ${schema ?? 'public'}.`,
      `As a superuser, in this database: GRANT USAGE, CREATE ON SCHEMA ${schema ?? 'public'} TO ${name};`,
    );
  return fine(`The role ${role} has the rights that migrations need.`);
}

/** Why nothing is dialed now, after "because"; null if it is. */
export function whyStopped({
  paused,
  breaker,
}: Pick<DialingState, 'paused' | 'breaker'> | Dialing['accounts'][string]): string | null {
  if (paused !== null)
    return `dialing is paused since ${paused.since}${paused.reason === null ? '' : ` (${paused.reason})`}; \`ringtrue dialing resume\` ends that`;
  // With prefixes it holds only some of the calls.
  if (breaker.state !== 'closed' && !breaker.prefixes)
    return `the circuit breaker is ${breaker.state}${breaker.reason === null ? '' : ` (${breaker.reason})`}`;
  return null;
}

/** The embedded store of `ringtrue dev`, which only its API can read. */
export function devStoreOf({
  apiUrl,
  apiToken,
}: DoctorConfiguration): StoreFacts & { checks: DoctorCheck[] } {
  const read = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${apiUrl}${path}`, {
      headers: apiToken === null ? {} : { Authorization: `Bearer ${apiToken}` },
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok && response.status !== 503)
      throw new Error(`${apiUrl}${path} answered ${response.status}`);
    return (await response.json()) as T;
  };
  const reached = once(async (): Promise<Finding> => {
    const { checks } = await read<{ checks?: Record<string, string> }>('/readyz').catch(() => ({
      checks: null,
    }));
    if (checks === null)
      return fault(
        `DATABASE_URL is not set, and no \`ringtrue dev\` answers at ${apiUrl}.`,
        'Set DATABASE_URL to a URL of PostgreSQL: postgres://user:password@host:5432/database. Or start `ringtrue dev`, which embeds a store.',
      );
    if (checks === undefined)
      return fault(
        `DATABASE_URL is not set, and the API at ${apiUrl} does not tell a stranger whether its store works.`,
        'Set RINGTRUE_API_TOKEN to one of its tokens, or DATABASE_URL.',
      );
    const { store } = checks;
    return store === 'ok'
      ? fine(`The store that \`ringtrue dev\` embeds answers (${apiUrl}).`)
      : fault(
          `The store of \`ringtrue dev\` at ${apiUrl}: ${store}.`,
          'Restart `ringtrue dev`; its log says more.',
        );
  });
  const serves = async () => {
    if (!(await reached()).ok) throw NotChecked.because('store');
  };
  return {
    checks: [{ name: 'store', look: reached, fix: 'Set DATABASE_URL, or start `ringtrue dev`.' }],
    clockAheadSeconds: async () => {
      await serves();
      return null;
    },
    async deadLetters() {
      await serves();
      return (await read<{ deadLetters: DeadLetter[] }>('/dead-letters?state=dead&limit=200')).deadLetters;
    },
    async whyDialingStopped(accountSid) {
      await serves();
      const { accounts, ...main } = await read<Dialing>('/dialing');
      const dialing = [main, ...Object.values(accounts)].find((one) => one.accountSid === accountSid);
      return dialing === undefined ? null : whyStopped(dialing);
    },
    close: async () => {},
  };
}
