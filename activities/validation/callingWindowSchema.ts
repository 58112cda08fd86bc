import { z } from 'zod';
import type { CallingWindow } from '../../workflows/callRequest.js';
import { type Fault, faultsOf, isObject, limitFaults, must, show } from './fault.js';
import { integer } from './retryPolicySchema.js';

const maxRanges = 50;
const maxBlockedDates = 400;

/** What a window has in place of `ranges`. */
const singleRangeFields = ['start', 'end', 'days'];

const expectedStart = 'a local time HH:MM, 00:00..23:59';
const expectedEnd = 'a local time HH:MM, 00:00..24:00';

const start = () =>
  z
    .string(must(expectedStart))
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, must(expectedStart))
    .meta({ description: 'First minute in which the phone may ring.' });

const end = () =>
  z
    .string(must(expectedEnd))
    .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, must(expectedEnd))
    .meta({
      description:
        'First minute in which it may not; earlier than start means past midnight, and 24:00 is the end of the day.',
    });

const days = () =>
  z
    .array(integer(1, 7, ' (1 is Monday)'), must('a list of days 1..7 (1 is Monday)'))
    .min(1, must('a list of at least one day 1..7; leave it out for every day'))
    .refine((all) => new Set(all).size === all.length, must('a list that names each day once'))
    .exactOptional()
    .meta({ description: '1 = Monday … 7 = Sunday; every day when absent.', uniqueItems: true });

const expectedZone = 'an IANA time zone, such as Europe/Berlin';
const expectedDate = 'a date of the calendar, YYYY-MM-DD, such as 2026-12-25';
const expectedRanges = `a list of 1..${maxRanges} ranges, each with start and end`;
const expectedDates = `a list of at most ${maxBlockedDates} dates`;

const callingRangeSchema = z
  .strictObject({ start: start(), end: end(), days: days() }, must('an object with start and end'))
  .meta({
    id: 'CallingRange',
    description: 'Hours of some days of the week, by the clock of the callee.',
    example: { start: '09:00', end: '12:30', days: [1, 2, 3, 4, 5] },
  });

/**
 * Local time in which the phone may ring, field by field; the rules between fields are in `faultsInWindow`.
 */
export const callingWindowSchema = z
  .strictObject(
    {
      timeZone: z.string(must(expectedZone)).refine(isTimeZone, must(expectedZone)).exactOptional().meta({
        description: 'IANA name; derived from the number when absent.',
        pattern: '^[A-Za-z]',
        example: 'Europe/Berlin',
      }),
      start: start().exactOptional(),
      end: end().exactOptional(),
      days: days(),
      ranges: z
        .array(callingRangeSchema, must(expectedRanges))
        .min(1, must(expectedRanges))
        .max(maxRanges, must(expectedRanges))
        .exactOptional()
        .meta({ description: 'Several ranges a week, in place of start, end and days. They may overlap.' }),
      blockedDates: z
        .array(
          z
            .string(must(expectedDate))
            .refine(isDate, must(expectedDate))
            .meta({ format: 'date', pattern: '^\\d{4}-\\d\\d-\\d\\d$' }),
          must(expectedDates),
        )
        .max(maxBlockedDates, must(expectedDates))
        .refine((dates) => new Set(dates).size === dates.length, must('a list that names each date once'))
        .exactOptional()
        .meta({
          description: 'Local dates, at the callee, on which the phone does not ring at all.',
          uniqueItems: true,
          example: ['2026-12-25', '2026-12-26'],
        }),
    },
    must('an object with start and end, or with ranges'),
  )
  .meta({
    id: 'CallingWindow',
    description:
      'Local time, at the callee, in which the phone may ring: either `start` and `end` (and `days`), or `ranges`.',
    oneOf: [
      { required: ['start', 'end'], not: { required: ['ranges'] } },
      { required: ['ranges'], not: { anyOf: singleRangeFields.map((field) => ({ required: [field] })) } },
    ],
    example: { timeZone: 'Europe/Berlin', start: '08:00', end: '21:00', days: [1, 2, 3, 4, 5] },
  });

/** The fields of the objects that a window consists of, for faults. */
export const windowFieldNames = {
  callingWindow: Object.keys(callingWindowSchema.shape),
  ranges: Object.keys(callingRangeSchema.shape),
};

/** Checks one window by itself, such as the operator's default. Every fault at once; never throws. */
export function checkCallingWindow(input: unknown): { window: CallingWindow } | { faults: Fault[] } {
  const parsed = callingWindowSchema.safeParse(input);
  const faults = [
    ...(parsed.success
      ? []
      : faultsOf(parsed.error.issues, input, { ...windowFieldNames, root: windowFieldNames.callingWindow })),
    ...(isObject(input) ? faultsInWindow(input, '') : []),
  ];
  if (!parsed.success || faults.length > 0) return { faults: limitFaults(faults) };
  return { window: parsed.data };
}

/** The rules between the fields of a window: exactly one of its two forms, and no range without length. */
export function faultsInWindow(window: Record<string, unknown>, prefix: string): Fault[] {
  const { ranges } = window;
  const singleFields = singleRangeFields.filter((field) => window[field] !== undefined);
  if (ranges === undefined)
    return [
      ...(window.start === undefined
        ? [{ path: `${prefix}start`, message: `is missing; must be ${expectedStart}` }]
        : []),
      ...(window.end === undefined
        ? [{ path: `${prefix}end`, message: `is missing; must be ${expectedEnd}` }]
        : []),
      ...faultsInRange(window, prefix),
    ];
  return [
    ...(singleFields.length > 0
      ? [
          {
            path: `${prefix}ranges`,
            message: `is given beside ${singleFields.join(' and ')}; a window has either start and end, or ranges that have their own`,
          },
        ]
      : []),
    ...(Array.isArray(ranges) ? ranges.slice(0, maxRanges) : []).flatMap((range, index) =>
      isObject(range) ? faultsInRange(range, `${prefix}ranges.${index}.`) : [],
    ),
  ];
}

function faultsInRange(range: Record<string, unknown>, prefix: string): Fault[] {
  if (typeof range.start !== 'string' || range.start !== range.end) return [];
  return [{ path: `${prefix}end`, message: `is ${show(range.end)}, the same as start; must differ from it` }];
}

/**
 * Intl takes ten times as long as all other checks, and a million rows of a batch name the same few zones.
 */
const knownTimeZones = new Set<string>();
const maxKnownTimeZones = 1000;

function isTimeZone(name: string): boolean {
  if (knownTimeZones.has(name)) return true;
  // An offset such as +01:00 passes Intl, but knows no daylight saving time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // A name may be written in any case: without a limit, a client could fill the memory.
    if (knownTimeZones.size < maxKnownTimeZones) knownTimeZones.add(name);
    return true;
  } catch {
    return false;
  }
}

/** Is this a date, `YYYY-MM-DD`, that the calendar has? */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${text}T`);
}
