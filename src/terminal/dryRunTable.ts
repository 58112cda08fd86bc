import {
  type DryRunAttempt,
  type DryRunResult,
  type ExplainedPolicy,
  toTheSecond,
} from '../policy/dryRun.js';
import { tableOf } from './tableOf.js';

/** More time zones than this make the table unreadable. */
const maxZones = 3;

/**
 * A dry run for people: when each attempt would ring, in which time zone, after what wait, and why none
 * follows.
 */
export function dryRunTable(
  { name, policy, earliest, latest }: ExplainedPolicy,
  { words, timeZones }: { words: string[]; timeZones: string[] },
): string {
  const hasJitter = policy.jitter > 0;
  const zones = timeZones.length > maxZones ? [] : timeZones;
  const head = [
    'ATTEMPT',
    ...(hasJitter ? ['EARLIEST (UTC)', 'LATEST (UTC)'] : ['RINGS (UTC)']),
    ...zones.map((zone) => zone.toUpperCase()),
    'WAITED',
    'SET BY',
    'BECAUSE OF',
    'ENDS AS',
  ];
  const rows = earliest.rings.map((ring, index) => {
    const other = latest.rings[index];
    return [
      String(ring.attempt),
      toTheSecond(ring.at),
      ...(hasJitter ? [other ? toTheSecond(other.at) : 'not at all'] : []),
      ...zones.map((zone) => localTimes(ring.at, other?.at ?? ring.at, zone)),
      waited(ring, other),
      ring.wait?.from ?? '',
      ring.wait?.because ?? '',
      words[Math.min(ring.attempt, words.length) - 1] as string,
    ];
  });
  const limits = [policy.maxAttempts === 1 ? 'one attempt' : `at most ${policy.maxAttempts} attempts`];
  if (policy.giveUpAfterSeconds !== null)
    limits.push(`none later than ${inWords(policy.giveUpAfterSeconds)} after the start`);
  const manyZones =
    timeZones.length > maxZones ? [`The number may be in any of ${timeZones.length} time zones.`] : [];
  return [
    `Policy ${name}: ${limits.join(', ')}.`,
    tableOf(head, rows),
    ...manyZones,
    ...endsOf(earliest, latest),
  ].join('\n');
}

function endsOf(earliest: DryRunResult, latest: DryRunResult): string[] {
  const sentence = ({ endedBecause, outcome }: DryRunResult) =>
    `${endedBecause.message}. The call ends as ${outcome}.`;
  if (sentence(earliest) === sentence(latest)) return [sentence(earliest)];
  return [`With the shortest waits: ${sentence(earliest)}`, `With the longest waits: ${sentence(latest)}`];
}

function range(one: string, other: string | undefined): string {
  return other === undefined || other === one ? one : `${one} – ${other}`;
}

function waited(ring: DryRunAttempt, other: DryRunAttempt | undefined): string {
  const words =
    ring.wait && range(inWords(ring.wait.seconds), other?.wait ? inWords(other.wait.seconds) : undefined);
  const delayed = [ring.heldByWindow, (other ?? ring).heldByWindow];
  const window = delayed.includes(false) ? 'sometimes for the window' : 'for the window';
  return [words, delayed.includes(true) ? window : null].filter((part) => part !== null).join(', and ');
}

/** Both times; the day only once if it is the same. */
function localTimes(one: string, other: string, timeZone: string): string {
  const [first, second] = [localTime(one, timeZone), localTime(other, timeZone)];
  const [day = ''] = /^.* /.exec(first) ?? [];
  return range(first, second.startsWith(day) && first !== second ? second.slice(day.length) : second);
}

function localTime(time: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const part = Object.fromEntries(
    format.formatToParts(new Date(time)).map(({ type, value }) => [type, value]),
  );
  return `${part.weekday} ${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
}

/** A wait such as `1 h 30 min`. */
function inWords(seconds: number): string {
  let left = Math.round(seconds * 10) / 10;
  const words: string[] = [];
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const) {
    const count = Math.floor(left / length);
    if (count > 0) words.push(`${count} ${unit}`);
    left -= count * length;
  }
  if (left > 0 || words.length === 0) words.push(`${Math.round(left * 10) / 10} s`);
  return words.join(' ');
}
