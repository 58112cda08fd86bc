/** The database cannot be reached, or cannot work now. Try again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/**
 * Turns an error of a driver into `StoreUnavailable` with a readable sentence when the database cannot work
 * now. Returns any other error as it is. `store` names the database, without a password. `role` is the role
 * with which we log in.
 */
export function storeError(error: unknown, store: string, role = 'its role'): unknown {
  if (error instanceof StoreUnavailable) return error;
  const why = whyUnavailable(error, role);
  return why === null ? error : new StoreUnavailable(`${store} ${why}`, { cause: error });
}

function whyUnavailable(error: unknown, role: string): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '42501' || code === '3F000') return missingRights(error.message, role);
  if (code.startsWith('28') && /no encryption|SSL off/.test(error.message)) return tlsRequired;
  if (isSocketMissing(error, code)) return noSocket;
  return (
    bySystem[code] ??
    byCertificate(error, code) ??
    bySqlState[code] ??
    byClass[code.slice(0, 2)] ??
    byMessage(error.message)
  );
}

/** Only of a connection: an embedded database may miss a file, too. */
function isSocketMissing(error: Error, code: string): boolean {
  return ['ENOENT', 'EACCES', 'ENOTSOCK'].includes(code) && 'syscall' in error && error.syscall === 'connect';
}

/** What to grant, as statements for `psql`. Since PostgreSQL 15 only the owner creates tables in `public`. */
function missingRights(message: string, role: string): string {
  const schema = /permission denied for schema (\S+)/.exec(message)?.[1] ?? 'public';
  const isSchema = /permission denied for schema|no schema has been selected/.test(message);
  const name = /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
  const remedy = isSchema
    ? `As a superuser, in this database: GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${name};`
    : `Its tables belong to another role. As a superuser: GRANT "the owner of its tables" TO ${name}; or log in as that owner.`;
  return `does not give the role ${name} enough rights (${message}). ${remedy}`;
}

/** Source: Node.js, "X509 certificate error codes". */
function byCertificate(error: Error, code: string): string | null {
  if (code === 'CERT_HAS_EXPIRED') return 'shows a certificate that has expired. Renew it on the server.';
  if (code === 'CERT_NOT_YET_VALID')
    return 'shows a certificate that is not valid yet. Check the clocks of both machines.';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `shows a certificate for another host (${error.message}). Use a host name of the certificate in DATABASE_URL.`;
  if (!/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED|CERT_|ERR_(SSL|TLS)_)/.test(code)) return null;
  return `shows a certificate that Node does not trust (${code}). Add sslrootcert=FILE to DATABASE_URL or set PGSSLROOTCERT, with the certificate of its authority, or set NODE_EXTRA_CA_CERTS.`;
}

const unreachable =
  'cannot be reached. Check the host in DATABASE_URL and the network; calls go on once it answers.';
const lost = 'closed the connection before it answered. ringtrue tries again; nothing is written twice.';
const diskFull = 'cannot write: its disk is full. Free some space; calls go on by themselves then.';
const timedOut = 'did not answer in time. Check whether it is overloaded, or waits for a lock.';
const shuttingDown = 'is shutting down or starting up. Calls go on once it is ready.';
const noSocket =
  'cannot be reached: there is no socket that this process may use. Check the host and port in DATABASE_URL.';
const tlsRequired =
  'takes only connections with TLS, or none from this address. Add sslmode=verify-full to DATABASE_URL, or check pg_hba.conf.';
const accessDenied =
  'refused the login. Check user, password and database name in DATABASE_URL, and pg_hba.conf.';

/** Error codes of Node. */
const bySystem: Record<string, string> = {
  ECONNREFUSED: 'refused the connection. Is it running, and listening at that address?',
  ECONNRESET: lost,
  EPIPE: lost,
  ETIMEDOUT: unreachable,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  ENOSPC: diskFull,
  EDQUOT: diskFull,
};

/** Source: PostgreSQL, appendix "PostgreSQL Error Codes". */
const bySqlState: Record<string, string> = {
  '25006': 'is read-only, perhaps a standby. Set DATABASE_URL to the primary.',
  '3D000': accessDenied,
  '40001': 'asks for the work to be done again: two transactions met.',
  '40P01': 'asks for the work to be done again: two transactions met.',
  '53100': diskFull,
  '53300': 'has no connection left. Raise max_connections, or run fewer workers or smaller pools.',
  '55P03': 'waits for a lock, perhaps of another process that migrates the schema.',
  '57014': timedOut,
  '57P01': shuttingDown,
  '57P02': shuttingDown,
  '57P03': shuttingDown,
  '57P05': lost,
  '58030': 'cannot read or write its disk. See its log.',
};

const byClass: Record<string, string> = {
  '08': lost,
  '28': accessDenied,
  '53': 'has run out of memory or of another resource. See its log.',
};

/** Errors that the drivers throw without a code. */
function byMessage(message: string): string | null {
  if (
    /^Connection terminated|connection error and is not queryable|closed and is not queryable/.test(message)
  ) {
    return /timeout/.test(message) ? unreachable : lost;
  }
  if (message === 'timeout exceeded when trying to connect') {
    return 'gave no connection in time: it does not answer, or every connection of the pool is busy.';
  }
  if (message === 'Query read timeout') return timedOut;
  if (message === 'The server does not support SSL connections')
    return 'does not offer TLS. Remove sslmode from DATABASE_URL, or switch TLS on in the server.';
  if (message === 'Cannot use a pool after calling end on the pool') return 'was closed by this process.';
  return null;
}
