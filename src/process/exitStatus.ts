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
  'ApiRefusal',
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
  if (expected.has(error.name)) return `ringtrue: ${error.message}`;
  return `ringtrue failed with an unexpected error: ${error.stack ?? error.message}`;
}
