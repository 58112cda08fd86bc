/** The database cannot be reached, or cannot work now. Try again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/**
 * Turns an error of a driver into `StoreUnavailable` with a readable sentence when the database cannot work
 * now. Returns any other error as it is. `store` names the database, without a password.
 */
export function storeError(error: unknown, store: string): unknown {
  if (error instanceof StoreUnavailable) return error;
  const why = whyUnavailable(error);
  return why === null ? error : new StoreUnavailable(`${store} ${why}`, { cause: error });
}

function whyUnavailable(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return bySystem[code] ?? bySqlState[code] ?? byClass[code.slice(0, 2)] ?? byMessage(error.message);
}

const unreachable =
  'cannot be reached. Check the host in DATABASE_URL and the network; calls go on once it answers.';
const lost = 'closed the connection before it answered. ringtrue tries again; nothing is written twice.';
const diskFull = 'cannot write: its disk is full. Free some space; calls go on by themselves then.';
const timedOut = 'did not answer in time. Check whether it is overloaded, or waits for a lock.';
const shuttingDown = 'is shutting down or starting up. Calls go on once it is ready.';
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
  if (message === 'Cannot use a pool after calling end on the pool') return 'was closed by this process.';
  return null;
}
