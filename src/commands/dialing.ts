import type { Dialing, DialingOfAccount } from '../client/ringtrue.js';
import { type ApiOptions, clientOf, UsageError } from '../terminal/apiOptions.js';
import { byWhomAt } from '../terminal/byWhomAt.js';
import { print } from '../terminal/print.js';
import { tableOf } from '../terminal/tableOf.js';

/** Without `account`: the main one. */
type AccountOptions = ApiOptions & { account?: string };

/** Of the newest changes; `--json` shows more of them. */
const changesShown = 5;

interface LimitOptions extends AccountOptions {
  cps?: string;
  inFlight?: string;
  perNumber?: string;
  contacts?: string;
}

/** `ringtrue dialing`. */
export async function show(options: AccountOptions): Promise<void> {
  printDialing(options, await clientOf(options).dialing.get());
}

/** `ringtrue dialing pause`. */
export async function pause(options: AccountOptions & { reason?: string }): Promise<void> {
  const { account, reason } = options;
  printDialing(options, await clientOf(options).dialing.pause({ account, reason }));
}

/** `ringtrue dialing resume`. */
export async function resume(options: AccountOptions): Promise<void> {
  const { account } = options;
  printDialing(options, await clientOf(options).dialing.resume({ account }));
}

/** `ringtrue dialing limits`. */
export async function limits(options: LimitOptions): Promise<void> {
  const { account, cps, inFlight, perNumber, contacts } = options;
  const limits = {
    ...(cps === undefined ? {} : { callsPerSecond: numberOf('--cps', cps) }),
    ...(inFlight === undefined ? {} : { callsInFlight: numberOf('--in-flight', inFlight) }),
    ...(perNumber === undefined ? {} : { callsPerNumber: numberOf('--per-number', perNumber) }),
    ...(contacts === undefined ? {} : contactsOf(contacts)),
  };
  if (Object.keys(limits).length === 0)
    throw new UsageError(
      'No limit is given; must be at least one of --cps, --in-flight, --per-number and --contacts',
    );
  printDialing(options, await clientOf(options).dialing.setLimits({ account, ...limits }));
}

/** The API checks whether the number is a possible limit. */
function numberOf(option: string, text: string): number | null {
  if (text === 'default') return null;
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new UsageError(`${option} is ${JSON.stringify(text)}; must be a number, or default`);
}

function contactsOf(text: string) {
  if (text === 'default') return { contactsPerNumber: null, contactsPeriodSeconds: null };
  const [, count, seconds] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  if (count === undefined || seconds === undefined)
    throw new UsageError(
      `--contacts is ${JSON.stringify(text)}; must be a count and seconds, such as 3/86400, or default`,
    );
  return { contactsPerNumber: Number(count), contactsPeriodSeconds: Number(seconds) };
}

/** As JSON, always all accounts; for people, the one of the options and which others there are. */
function printDialing(options: AccountOptions, dialing: Dialing): void {
  const { account } = options;
  const names = Object.keys(dialing.accounts);
  const shown = account === undefined ? dialing : dialing.accounts[account];
  if (shown === undefined)
    throw new UsageError(
      `--account is ${JSON.stringify(account)}; must be ${names.length === 0 ? 'left out, since RINGTRUE_ACCOUNTS names no account' : `one of ${names.join(', ')}`}`,
    );
  const others = names.filter((name) => name !== account);
  const more = others.length === 0 ? '' : `\nOther accounts, with --account: ${others.join(', ')}`;
  print(options, dialing, sheetOf(shown) + more);
}

/** The state of dialing, for people. */
function sheetOf({
  accountSid,
  limits,
  configured,
  paused,
  breaker,
  inFlight,
  nextPlacementAt,
  changes,
}: DialingOfAccount): string {
  const because = (reason: string | null) => (reason === null ? '' : `: ${reason}`);
  const shown = (name: keyof Dialing['limits']) => {
    const limit = limits[name] ?? configured?.[name];
    const source = limits[name] === null ? ' (as the workers are configured)' : ' (set by an operator)';
    return limit == null ? 'as the workers are configured' : `${limit === 0 ? 'no limit' : limit}${source}`;
  };
  const { contactsPeriodSeconds } = limits.contactsPerNumber === null && configured ? configured : limits;
  const period = contactsPeriodSeconds === null ? '' : ` within ${contactsPeriodSeconds} s`;
  const ahead = nextPlacementAt !== null && Date.parse(nextPlacementAt) > Date.now();
  return tableOf(
    ['', ''],
    [
      ['account', accountSid],
      [
        'paused',
        paused === null ? 'no' : `since ${byWhomAt(paused.since, paused.by)}${because(paused.reason)}`,
      ],
      [
        'circuit breaker',
        breaker.state === 'closed'
          ? 'closed'
          : `${breaker.state} since ${breaker.openedAt}, until ${breaker.openUntil}${because(breaker.reason)}`,
      ],
      ['calls in flight', String(inFlight)],
      ['next placement', ahead ? nextPlacementAt : 'now'],
      ['calls per second', shown('callsPerSecond')],
      ['most calls in flight', shown('callsInFlight')],
      ['most calls in flight to a number', shown('callsPerNumber')],
      [`most calls to a number${period}`, shown('contactsPerNumber')],
      ...changes.slice(0, changesShown).map(({ at, change, by }) => [`changed: ${change}`, byWhomAt(at, by)]),
    ],
  );
}
