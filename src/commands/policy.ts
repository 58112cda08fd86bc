import { destinationFaults } from '../../activities/destinations/destinationFaults.js';
import { readDestinations } from '../../activities/destinations/readDestinations.js';
import { checkCallRequest } from '../../activities/validation/callRequestSchema.js';
import { faultLine } from '../../activities/validation/fault.js';
import type { CallingWindow, RetryPolicy } from '../../workflows/callRequest.js';
import type { RetryBasis } from '../../workflows/rules/retry.js';
import { builtInPolicies, readPolicies } from '../config/policies.js';
import { type DryRunScenario, dryRun, type ExplainedPolicy, zonesOf } from '../policy/dryRun.js';
import { simulatedVerdict } from '../policy/simulatedVerdict.js';
import { UsageError } from '../terminal/apiOptions.js';
import { dryRunTable } from '../terminal/dryRunTable.js';
import { print } from '../terminal/print.js';

interface ExplainOptions {
  outcomes: string;
  policy?: string;
  start?: string;
  to?: string;
  window?: string;
  timeZone?: string;
  giveUpAt?: string;
  json: boolean;
}

/** `ringtrue policy check`. */
export function checkPolicies(file: string | undefined, options: { json: boolean }): void {
  const path = file ?? process.env.RINGTRUE_POLICIES;
  if (!path) throw new UsageError('no file is named, and RINGTRUE_POLICIES is not set; must be one of them');
  const read = readPolicies(path, file === undefined ? 'RINGTRUE_POLICIES' : null);
  if ('policies' in read) {
    const policies = Object.keys(read.policies);
    print(options, { ok: true, policies, faults: [] }, `${path} is valid. Policies: ${policies.join(', ')}.`);
    return;
  }
  if (!options.json) throw faultyFile(path, read.faults);
  print(options, { ok: false, policies: [], faults: read.faults }, '');
  process.exitCode = 2;
}

/** `ringtrue policy explain`: a dry run; nothing is dialed, and no server is needed. */
export async function explainPolicies(file: string | undefined, options: ExplainOptions): Promise<void> {
  const policies = policiesOf(file);
  const { policy: policyName } = options;
  const words = options.outcomes.split(',').map((word) => word.trim());
  const faults =
    policyName === undefined || Object.hasOwn(policies, policyName)
      ? []
      : [`--policy is ${JSON.stringify(policyName)}; must be one of ${Object.keys(policies).join(', ')}`];
  const scenario = scenarioOf(options, words, faults);
  const timeZones = await zonesOf(options.timeZone === undefined ? scenario : zoned(options.timeZone));
  const explained: ExplainedPolicy[] = [];
  for (const [name, policy] of Object.entries(policies))
    if (policyName === undefined || name === policyName)
      explained.push({
        name,
        policy,
        earliest: await dryRun(policy, scenario, 0),
        latest: await dryRun(policy, scenario, 1),
      });
  const text = options.json
    ? JSON.stringify({ startAt: scenario.startAt, outcomes: words, timeZones, policies: explained }, null, 2)
    : explained.map((one) => dryRunTable(one, { words, timeZones })).join('\n\n');
  process.stdout.write(`${text}\n`);
}

/** The policies of the file, else of `RINGTRUE_POLICIES`, else the built-in ones. */
function policiesOf(file: string | undefined): Record<string, RetryPolicy> {
  const path = file ?? process.env.RINGTRUE_POLICIES;
  if (!path) return builtInPolicies;
  const read = readPolicies(path, file === undefined ? 'RINGTRUE_POLICIES' : null);
  if ('policies' in read) return read.policies;
  throw faultyFile(path, read.faults);
}

function faultyFile(path: string, faults: string[]): UsageError {
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
  return new UsageError(`${path} has ${count}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

/** The circumstances, checked as a call request would be. Throws every fault at once, `knownFaults` first. */
function scenarioOf(options: ExplainOptions, words: string[], knownFaults: string[]): DryRunScenario {
  const { to, window: hours, timeZone, giveUpAt, start } = options;
  const faults = [...knownFaults];
  const verdicts: RetryBasis[] = [];
  for (const word of words) {
    const verdict = simulatedVerdict(word);
    if ('wrong' in verdict) faults.push(`--outcomes ${JSON.stringify(word)} ${verdict.wrong}`);
    else verdicts.push(verdict);
  }
  const window = hours === undefined ? null : windowOf(hours, timeZone);
  const callingWindow = window ?? (timeZone === undefined ? null : zoned(timeZone).window);
  const checked = checkCallRequest(
    {
      to: to ?? toNumber,
      from: to === fromNumber ? toNumber : fromNumber,
      twiml: '<Response/>',
      ...(callingWindow === null ? {} : { callingWindow }),
      ...(giveUpAt === undefined ? {} : { giveUpAt }),
      ...(start === undefined ? {} : { notBefore: start }),
    },
    { policies: builtInPolicies, defaultFrom: null },
  );
  if ('faults' in checked)
    for (const { path, message } of checked.faults)
      faults.push(faultLine({ path: optionOfField[path] ?? path, message }));
  if (to !== undefined && !faults.some((fault) => fault.startsWith('--to ')))
    faults.push(...faultsOfDestination(to));
  if (window !== null && to === undefined && timeZone === undefined)
    faults.push('--window is given without --to and --time-zone; must have one of them, for its time zone');
  if (faults.length > 0)
    throw new UsageError(`the dry run cannot begin:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  return {
    startAt: new Date(start?.toUpperCase() ?? Date.now()).toISOString(),
    giveUpAt: giveUpAt?.toUpperCase() ?? null,
    to: to ?? null,
    window,
    verdicts,
  };
}

/** No attempt would ring there, whatever the policy. */
function faultsOfDestination(to: string): string[] {
  const setting = process.env.RINGTRUE_DESTINATIONS?.trim();
  const { destinations, faults } = setting ? readDestinations(setting) : { destinations: null, faults: [] };
  if (faults.length > 0) return faults.map((fault) => `RINGTRUE_DESTINATIONS ${fault}`);
  return destinationFaults(to, destinations).map(({ message }) => faultLine({ path: '--to', message }));
}

function windowOf(hours: string, timeZone: string | undefined): CallingWindow {
  const [start = '', end = ''] = hours.split('-').map((time) => time.trim());
  return { start, end, ...(timeZone === undefined ? {} : { timeZone }) };
}

/** A window that only carries its time zone. */
function zoned(timeZone: string): { to: null; window: CallingWindow } {
  return { to: null, window: { timeZone, start: '00:00', end: '12:00' } };
}

/** A call request needs two different numbers, and a dry run at most one. */
const [fromNumber, toNumber] = ['+15005550006', '+15005550001'];

const optionOfField: Record<string, string> = {
  to: '--to',
  'callingWindow.start': '--window (its start)',
  'callingWindow.end': '--window (its end)',
  'callingWindow.timeZone': '--time-zone',
  giveUpAt: '--give-up-at',
  notBefore: '--start',
};
