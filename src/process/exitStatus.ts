/** Errors that need another command line or another configuration. */
const misuse = new Set([
  'ConfigurationError',
  'UsageError',
  'PortTaken',
  'CannotListen',
  'NoTemporalCli',
  'DirectoryInUse',
]);
/** Errors whose message is enough, without a stack. */
const expected = new Set([
  ...misuse,
  'ProblemError',
  'ConnectionError',
  'NoOutcomeError',
  'SetUpFailed',
  'Stopped',
  'StoreUnavailable',
  'SchemaTooNew',
]);

/**
 * 2 if the command or the configuration is wrong, 1 if something was refused or failed, 0 after a stop
 * signal.
 */
export function exitStatusOf(error: unknown): 0 | 1 | 2 {
  const name = (error as Error | null)?.name ?? '';
  if (name === 'Stopped') return 0;
  return misuse.has(name) ? 2 : 1;
}

/** The text for a person: the message of an expected error, and the stack of any other. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (expected.has(error.name)) return `ringtrue: ${error.message}${hintOf(error)}`;
  return `ringtrue failed with an unexpected error: ${error.stack ?? error.message}`;
}

/** What to change on the command line, for an error of the client that knows of no command line. */
export function hintOf(error: Error): string {
  const { name, status, problem } = error as Error & { status?: number; problem?: { type: string } | null };
  if (name === 'ConnectionError')
    return ' Start it with `ringtrue dev` or `ringtrue api`, or set its address with --api or RINGTRUE_API_URL.';
  if (name !== 'ProblemError') return '';
  if (problem === null) return ' Check --api or RINGTRUE_API_URL.';
  const needsToken = status === 401 || problem?.type === 'urn:ringtrue:problem:wrong-role';
  return needsToken ? ' Give it with --token or RINGTRUE_API_TOKEN.' : '';
}
