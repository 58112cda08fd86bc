/**
 * The digits of a number choose what a call to it does. This file is the whole table. `docs/simulator.md` and
 * `GET /simulator/numbers` show its texts.
 */
import { answered, type Choice, finalStatuses, outcomes, specialCourses } from './callCourses.js';
import { callbackFaults, createFaults, readFaults } from './faults.js';
import {
  type LookupTrouble,
  lineStatuses,
  lineTypes,
  lookupTroubles,
  validationErrors,
} from './lookupChoices.js';
import type { NumberBehavior, NumberRow } from './numberBehavior.js';

const plain: Omit<NumberBehavior, 'pattern'> = {
  refusal: null,
  createFault: null,
  course: answered,
  callbackFault: 'none',
  readFault: { fault: 'none', times: null },
  notification: null,
  lookup: {
    validationError: 'own',
    lineType: 'mobile',
    lineStatus: 'active',
    trouble: { kind: 'none' },
    phoneNumber: null,
  },
};

/** The SIP code of a failed call with this Notification; null: its callback has none. All others have 503. */
const sipOfNotification = new Map<string, number | null>([
  ['10004', null],
  ['13224', 404],
  ['13225', 403],
  ['13226', 404],
  ['13227', 403],
  ['32016', 504],
  ['32017', 608],
]);

/** How many seconds after the end of the call a late Notification can be read. */
const lateNotificationSeconds = 5;

const times = (n: string) => ({
  letters: n,
  means: 'how often it goes wrong',
  choices: [
    { digits: '0', happens: 'always' },
    { digits: '1…9', happens: 'so many times, then it goes well' },
  ],
});

interface Rule {
  row: NumberRow;
  /** Groups: the chosen digits, in the order of `row.digits`. */
  matches: RegExp;
  behavior(...chosen: string[]): Partial<NumberBehavior>;
}

const magic = (last: string, code: number, title: string): Rule => ({
  row: {
    pattern: `+1500555000${last}`,
    title,
    happens: `Twilio's own magic number: the create is refused with ${code}`,
    example: `+1500555000${last}`,
    digits: [],
  },
  matches: new RegExp(`^\\+1500555000${last}$`),
  behavior: () => ({ refusal: { code, times: null, httpStatus: null } }),
});

const rules: Rule[] = [
  magic('1', 21217, 'Not a valid number'),
  magic('2', 21214, 'Cannot be reached'),
  magic('3', 21215, 'Country not permitted'),
  magic('4', 21216, 'Blocked'),
  ...specialCourses.map(
    (course): Rule => ({
      row: {
        pattern: `+1500555${course.digits}`,
        title: 'A call with a course of its own',
        happens: course.happens,
        example: `+1500555${course.digits}`,
        digits: [],
      },
      matches: new RegExp(`^\\+1500555${course.digits}$`),
      behavior: () => ({ course: course.effect }),
    }),
  ),
  {
    row: {
      pattern: '+1500555SCCC',
      title: 'Ends with a status and a SIP code',
      happens:
        'Status S with `SipResponseCode` CCC in the terminal callback; CCC = 000: the callback has none',
      example: '+15005555480',
      digits: [digitsOf('S', 'final status', finalStatuses)],
    },
    matches: /^\+1500555([1-7])(\d{3})$/,
    behavior: (s, ccc) => ({
      course: { ...chosen(finalStatuses, s), sip: ccc === '000' ? null : Number(ccc) },
    }),
  },
  {
    row: {
      pattern: '+15006EEEEEN',
      title: 'Refused at create',
      happens:
        'The create is refused with error code EEEEE, always or for the first N creates per caller, then a human answers. As `From` it refuses the caller',
      example: '+15006200032',
      digits: [
        {
          letters: 'N',
          means: 'how often it is refused',
          choices: [
            { digits: '0', happens: 'always' },
            { digits: '1…8', happens: 'so many times, then it goes well' },
            { digits: '9', happens: 'always, and as HTTP 403 whatever the code' },
          ],
        },
      ],
    },
    matches: /^\+15006(\d{5})(\d)$/,
    behavior: (code, n) => ({
      refusal: {
        code: Number(code),
        times: n === '0' || n === '9' ? null : Number(n),
        httpStatus: n === '9' ? 403 : null,
      },
    }),
  },
  {
    row: {
      pattern: '+15007EEEEEW',
      title: 'Fails and leaves a Notification',
      happens: "Never rings, ends `failed`; the call's Notifications then show error code EEEEE",
      example: '+15007132240',
      digits: [
        {
          letters: 'W',
          means: 'when the Notification can be read',
          choices: [
            { digits: '0', happens: 'as soon as the call has ended' },
            { digits: '1', happens: `${lateNotificationSeconds} seconds later` },
          ],
        },
      ],
    },
    matches: /^\+15007(\d{5})(\d)$/,
    behavior: (code = '', when) => ({
      course: { ...chosen(finalStatuses, '5'), sip: sipOf(code) },
      notification: { code: Number(code), afterSeconds: when === '1' ? lateNotificationSeconds : 0 },
    }),
  },
  {
    row: {
      pattern: '+15008VTTSEO',
      title: 'Lookup has something to say',
      happens: 'Lookup answers as V, TT, S and E choose; a call to the number goes as O chooses',
      example: '+15008100000',
      digits: [
        digitsOf('V', 'validation', validationErrors),
        digitsOf('TT', 'line type', lineTypes),
        digitsOf('S', 'line status', lineStatuses),
        digitsOf('E', 'trouble with Lookup itself', lookupTroubles),
        digitsOf('O', 'how the call goes', outcomes),
      ],
    },
    matches: /^\+15008(\d)(\d\d)(\d)(\d)(\d)$/,
    behavior: (v, tt, s, e, o) => {
      const trouble = chosen(lookupTroubles, e);
      return {
        course: chosen(outcomes, o),
        lookup: {
          validationError: chosen(validationErrors, v),
          lineType: chosen(lineTypes, tt),
          lineStatus: chosen(lineStatuses, s),
          trouble: withPackageCode(trouble, 60600 + Number(tt)),
          phoneNumber: v === '7' ? `+150080${tt}${s}${e}${o}` : null,
        },
      };
    },
  },
  {
    row: {
      pattern: '+15009CCBRNO',
      title: 'Something goes wrong on the way',
      happens:
        'Create fault CC, callback fault B and read fault R together, on a call that goes as O chooses',
      example: '+15009020000',
      digits: [
        digitsOf('CC', 'creating the call', createFaults),
        digitsOf('B', 'status callbacks', callbackFaults),
        digitsOf('R', 'reading the call', readFaults),
        times('N'),
        digitsOf('O', 'how the call goes', outcomes),
      ],
    },
    matches: /^\+15009(\d\d)(\d)(\d)(\d)(\d)$/,
    behavior: (cc, b, r, n, o) => {
      const fault = chosen(createFaults, cc);
      const often = n === '0' ? null : Number(n);
      return {
        createFault: fault && { fault, times: often },
        callbackFault: chosen(callbackFaults, b),
        readFault: { fault: chosen(readFaults, r), times: often },
        course: chosen(outcomes, o),
      };
    },
  },
  {
    row: {
      pattern: 'any other',
      title: 'An ordinary number',
      happens: 'Rings for a second, a human answers and talks for two; Lookup judges it by its shape',
      example: '+12025550143',
      digits: [],
    },
    matches: /^/,
    behavior: () => ({}),
  },
];

/** The table, in the order in which rows are tried. */
export const numberRows: NumberRow[] = rules.map((rule) => rule.row);

/** What a call to this number does. Every string has a behavior. */
export function behaviorOf(to: string): NumberBehavior {
  for (const { row, matches, behavior } of rules) {
    const match = matches.exec(to);
    if (match) return { ...plain, pattern: row.pattern, ...behavior(...match.slice(1)) };
  }
  return { ...plain, pattern: 'any other' };
}

/** Twilio's error code if this number may not call; null if it may. */
export function callerRefusal(from: string): number | null {
  if (from === '+15005550001') return 21212;
  const family = /^\+15006(\d{5})\d$/.exec(from);
  return family ? Number(family[1]) : null;
}

/** Numbers with different outcomes, for the demo. */
export const showcase: { to: string; happens: string; machineDetection: boolean }[] = [
  { to: '+15005551200', happens: 'answered by a human', machineDetection: true },
  { to: '+15005558002', happens: 'answered by a machine', machineDetection: true },
  { to: '+15005552486', happens: 'busy', machineDetection: false },
  { to: '+15005553487', happens: 'rings, nobody picks up', machineDetection: false },
  { to: '+15005555503', happens: 'the network fails', machineDetection: false },
  {
    to: '+15005555480',
    happens: 'fails with SIP 480: phone off or out of coverage',
    machineDetection: false,
  },
  { to: '+15008100000', happens: 'Lookup says that there is no such number', machineDetection: false },
  { to: '+15005550004', happens: 'Twilio refuses to dial it', machineDetection: false },
  {
    to: '+15009020000',
    happens: 'the answer to the create is lost, yet a human answers',
    machineDetection: false,
  },
  { to: '+15009001000', happens: 'every callback is lost, yet a human answers', machineDetection: false },
  { to: '+15005558106', happens: "canceled by Twilio's queue", machineDetection: false },
];

/** The effect of the digits. Unknown digits count as the first choice. */
function chosen<Effect>(choices: Choice<Effect>[], digits: string | undefined): Effect {
  const choice = choices.find((candidate) => candidate.digits === digits) ?? choices[0];
  if (!choice) throw new Error('A table of digits has no choices.');
  return choice.effect;
}

function digitsOf(letters: string, means: string, choices: Choice<unknown>[]): NumberRow['digits'][number] {
  return { letters, means, choices: choices.map(({ digits, happens }) => ({ digits, happens })) };
}

function withPackageCode(trouble: LookupTrouble, code: number): LookupTrouble {
  if (trouble.kind === 'package') return { kind: 'package', code };
  if (trouble.kind !== 'package-code-as-error') return trouble;
  const httpStatus = code === 60616 ? 429 : code === 60617 || code === 60618 ? 400 : 403;
  return { kind: 'error', httpStatus, code, times: null };
}

function sipOf(notification: string): number | null {
  const sip = sipOfNotification.get(notification);
  return sip === undefined ? 503 : sip;
}
