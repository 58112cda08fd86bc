import type { DialingState } from '../../activities/store/dialingControl.js';
import { ApiClient, type ApiOptions, UsageError } from '../client/apiClient.js';
import { print } from '../terminal/print.js';
import { tableOf } from '../terminal/tableOf.js';

type Answer = DialingState & { accountSid: string };

interface LimitOptions extends ApiOptions {
  cps?: string;
  inFlight?: string;
  perNumber?: string;
  contacts?: string;
}

/** `ringtrue dialing`. */
export async function show(options: ApiOptions): Promise<void> {
  printDialing(options, await new ApiClient(options).send<Answer>('GET', '/dialing'));
}

/** `ringtrue dialing pause`. */
export async function pause(options: ApiOptions & { reason?: string }): Promise<void> {
  const body = options.reason === undefined ? {} : { body: { reason: options.reason } };
  printDialing(options, await new ApiClient(options).send<Answer>('POST', '/dialing/pause', body));
}

/** `ringtrue dialing resume`. */
export async function resume(options: ApiOptions): Promise<void> {
  printDialing(options, await new ApiClient(options).send<Answer>('POST', '/dialing/resume'));
}

/** `ringtrue dialing limits`. */
export async function limits(options: LimitOptions): Promise<void> {
  const { cps, inFlight, perNumber, contacts } = options;
  const body = {
    ...(cps === undefined ? {} : { callsPerSecond: numberOf('--cps', cps) }),
    ...(inFlight === undefined ? {} : { callsInFlight: numberOf('--in-flight', inFlight) }),
    ...(perNumber === undefined ? {} : { callsPerNumber: numberOf('--per-number', perNumber) }),
    ...(contacts === undefined ? {} : contactsOf(contacts)),
  };
  if (Object.keys(body).length === 0)
    throw new UsageError(
      'No limit is given; one at least of --cps, --in-flight, --per-number and --contacts',
    );
  printDialing(options, await new ApiClient(options).send<Answer>('PATCH', '/dialing/limits', { body }));
}

/** What is right for a limit is for the API to say. */
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

function printDialing(options: ApiOptions, dialing: Answer): void {
  print(options, dialing, sheetOf(dialing));
}

/** Everything that a person wants to know of how dialing stands. */
function sheetOf({ accountSid, limits, paused, breaker, inFlight, nextPlacementAt }: Answer): string {
  const because = (reason: string | null) => (reason === null ? '' : `: ${reason}`);
  const set = (limit: number | null) =>
    limit === null ? 'as configured' : limit === 0 ? 'any number' : String(limit);
  const period = limits.contactsPerNumber ? ` in ${limits.contactsPeriodSeconds} s` : '';
  const contacts = `${set(limits.contactsPerNumber)}${period}`;
  const ahead = nextPlacementAt !== null && Date.parse(nextPlacementAt) > Date.now();
  return tableOf(
    ['', ''],
    [
      ['account', accountSid],
      ['paused', paused === null ? 'no' : `since ${paused.since}${because(paused.reason)}`],
      [
        'circuit breaker',
        breaker.state === 'closed'
          ? 'closed'
          : `${breaker.state} since ${breaker.openedAt}, until ${breaker.openUntil}${because(breaker.reason)}`,
      ],
      ['calls under way', String(inFlight)],
      ['next turn', ahead ? nextPlacementAt : 'now'],
      ['calls per second', set(limits.callsPerSecond)],
      ['calls at once', set(limits.callsInFlight)],
      ['calls at once per number', set(limits.callsPerNumber)],
      ['calls per number in a period', contacts],
    ],
  );
}
