import type { CallRequest } from '../../workflows/callRequest.js';
import type { Dice } from './dice.js';

/** A number to call, with the parts of the request that belong to it. */
export interface Destination {
  to: string;
  /** What the number does, in a few words. */
  what: string;
  options: Pick<CallRequest, 'lookup' | 'machineDetection' | 'maxDurationSeconds' | 'ringTimeoutSeconds'>;
  /** It talks or rings so long that it can be canceled meanwhile. */
  long: boolean;
}

/** Create faults without a call, and those with a call now or later: digits CC of `+15009CCBRNO`. */
const noCallMade = ['01', '03', '05', '07', '10', '12', '13', '18'];
const callMade = ['02', '04', '06', '08', '09', '11', '14', '15', '16', '17', '19'];
/** Each takes the whole time-out of the Twilio client, so one per call is enough. */
const hanging = new Set(['10', '11', '15']);

/**
 * The read faults R that end. With 8 and 9 Twilio never says how a call ended. If the API is killed at the
 * wrong moment, the outcome is rightly `unknown`, but only a day later.
 */
const readFaults: [number, string][] = [
  [5, '0'],
  [1, '1'],
  [1, '2'],
  [1, '3'],
  [1, '4'],
  [0.5, '5'],
  [1, '6'],
  [1, '7'],
];

/** The course of a call, digit O. Courses that lead to retries are more frequent. */
const courseDigits: [number, string][] = [
  [3, '0'],
  [1, '1'],
  [2, '2'],
  [1, '3'],
  [1, '4'],
  [2, '5'],
  [2, '6'],
  [1, '7'],
  [1, '8'],
  [1, '9'],
];

const sips = ['000', '200', '404', '480', '486', '487', '503', '603', '607'];
const refusals = ['21211', '21214', '21215', '21216', '21217', '13226'];
const accountErrors = ['20003', '10004', '20429'];
const notifications = ['13224', '13225', '13227', '32016', '32017'];
const courses = ['8001', '8002', '8003', '8005', '8006', '8007', '8101', '8106', '8107', '8108'];

/**
 * Picks a destination among all families of the simulator's numbers, mostly from the one that combines
 * faults.
 */
export function destinationBy(dice: Dice): Destination {
  return dice.weighted<() => Destination>([
    [62, () => faultyDestination(dice)],
    [8, () => destination(`+1500555${dice.between(1, 7)}${dice.pick(sips)}`, 'status and SIP code')],
    [
      6,
      () => ({
        ...destination(`+1500555${dice.pick(courses)}`, 'a course of its own'),
        options: machineDetection(dice),
      }),
    ],
    [3, () => destination(`+15006${dice.pick(refusals)}0`, 'refused')],
    [
      3,
      () =>
        destination(`+15006${dice.pick(accountErrors)}${dice.between(1, 2)}`, 'an account error that ends'),
    ],
    [
      3,
      () =>
        destination(`+15007${dice.pick(notifications)}${dice.between(0, 1)}`, 'fails with a notification'),
    ],
    [8, () => lookupDestination(dice)],
    [2, () => ({ ...destination('+15005558104', 'rings for long'), long: true })],
    [
      2,
      () => ({ ...destination('+15005558103', 'rings until time-out'), options: { ringTimeoutSeconds: 6 } }),
    ],
    [3, () => destination(`+1202555${dice.between(1000, 9999)}`, 'ordinary')],
  ])();
}

function destination(to: string, what: string): Destination {
  return { to, what, options: {}, long: false };
}

function faultyDestination(dice: Dice): Destination {
  const create = dice.weighted<() => string>([
    [40, () => '00'],
    [20, () => dice.pick(noCallMade)],
    [40, () => dice.pick(callMade)],
  ])();
  const callback = dice.chance(0.3) ? '0' : String(dice.between(1, 9));
  const read = dice.weighted(readFaults);
  const often = hanging.has(create) || read === '5' ? 1 : dice.between(1, 3);
  const course = dice.weighted(courseDigits);
  return {
    to: `+15009${create}${callback}${read}${often}${course}`,
    what: `create ${create}, callbacks ${callback}, reads ${read}`,
    options: course === '9' ? { maxDurationSeconds: dice.between(3, 12) } : {},
    long: course === '9',
  };
}

function lookupDestination(dice: Dice): Destination {
  const valid = dice.chance(0.7) ? 0 : dice.between(1, 6);
  const status = dice.between(0, 5);
  const failure = dice.between(0, 9);
  const course = dice.pick(['0', '2', '5']);
  return {
    ...destination(`+15008${valid}00${status}${failure}${course}`, 'Lookup says something'),
    options: { lookup: dice.pick(['basic', 'lineStatus']) },
  };
}

function machineDetection(dice: Dice): Destination['options'] {
  return { machineDetection: dice.pick(['off', 'enable', 'detectMessageEnd']) };
}
