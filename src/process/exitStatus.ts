/** What only a person can put right, by another command line or another configuration. */
const misuse = new Set([
  'ConfigurationError',
  'UsageError',
  'PortTaken',
  'CannotListen',
  'NoTemporalCli',
  'DirectoryInUse',
]);
/** What is expected to go wrong now and then: its message says it all. */
const expected = new Set([
  ...misuse,
  'ApiRefusal',
  'SetUpFailed',
  'Stopped',
  'StoreUnavailable',
  'SchemaTooNew',
]);

/** 2 when the command or the configuration is not right, 1 when something was refused or failed. */
export function exitStatusOf(error: unknown): 0 | 1 | 2 {
  const name = (error as Error | null)?.name ?? '';
  if (name === 'Stopped') return 0;
  return misuse.has(name) ? 2 : 1;
}

/** An error as a person reads it: a sentence for what was to be expected, everything for what was not. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (expected.has(error.name)) return `ringtrue: ${error.message}`;
  return `ringtrue failed in a way nobody foresaw: ${error.stack ?? error.message}`;
}
