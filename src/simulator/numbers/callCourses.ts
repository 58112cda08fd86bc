/**
 * The courses that a call can take, and the digits that choose them. Seconds are call seconds, before
 * `speed`.
 */

export type FinalStatus = 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled';

/** Twilio's results of answering-machine detection. */
export type AnsweredBy =
  | 'human'
  | 'machine_start'
  | 'machine_end_beep'
  | 'machine_end_silence'
  | 'machine_end_other'
  | 'fax'
  | 'unknown';

export interface CallCourse {
  ends: FinalStatus;
  /** `SipResponseCode` of the terminal callback; null: it carries none. */
  sip: number | null;
  /** What Twilio's queue does with the call when the rate limit lets it leave. */
  queue: 'dials' | 'expires' | 'expires-silently';
  /** Time in the queue in addition to the wait for the rate limit. */
  queueSeconds: number;
  /** Whether the callee's side signals ringing, so that Twilio knows. */
  rings: boolean;
  /** From dialing to the answer, or to the end; null: until `Timeout`. */
  ringSeconds: number | null;
  /** From the answer to the far end's hanging up. */
  talkSeconds: number;
  /** Who picks up, for answering-machine detection. */
  pickedUpBy: AnsweredBy;
}

/** One thing that digits can choose. */
export interface Choice<Effect> {
  /** What to dial in this place. */
  digits: string;
  /** What happens: the row of `docs/simulator.md`. */
  happens: string;
  effect: Effect;
}

/** A person answers after a short ring and talks for two seconds. */
export const answered: CallCourse = {
  ends: 'completed',
  sip: 200,
  queue: 'dials',
  queueSeconds: 0.3,
  rings: true,
  ringSeconds: 1,
  talkSeconds: 2,
  pickedUpBy: 'human',
};

function course(changes: Partial<CallCourse>): CallCourse {
  return { ...answered, ...changes };
}

const machine = course({ pickedUpBy: 'machine_start', talkSeconds: 3 });
const busy = course({ ends: 'busy', sip: 486 });
const noAnswer = course({ ends: 'no-answer', sip: 487, ringSeconds: 1.5 });
const noAnswerUnrung = course({ ends: 'no-answer', sip: 487, rings: false, ringSeconds: 1.5 });
const failedUnrung = course({ ends: 'failed', sip: 503, rings: false });
const failedRung = course({ ends: 'failed', sip: 480 });
const expired = course({ ends: 'canceled', sip: 487, queue: 'expires', queueSeconds: 2 });
const longTalk = course({ talkSeconds: 86_400 });

/** First digit after `+1500555`: the final status; the three that follow are its SIP code. */
export const finalStatuses: Choice<CallCourse>[] = [
  { digits: '1', happens: 'rings, is answered by a human, ends `completed`', effect: answered },
  { digits: '2', happens: 'rings, ends `busy`', effect: busy },
  { digits: '3', happens: 'rings, nobody picks up, ends `no-answer`', effect: noAnswer },
  { digits: '4', happens: 'never signals ringing, ends `no-answer`', effect: noAnswerUnrung },
  { digits: '5', happens: 'never signals ringing, ends `failed`', effect: failedUnrung },
  { digits: '6', happens: 'rings, then ends `failed`', effect: failedRung },
  {
    digits: '7',
    happens: 'rings, ends `canceled` without a request',
    effect: course({ ends: 'canceled', sip: 487 }),
  },
];

/** Last digit of the families `+15008…` and `+15009…`: how the call goes once it exists. */
export const outcomes: Choice<CallCourse>[] = [
  { digits: '0', happens: 'answered by a human, `completed`, SIP 200', effect: answered },
  { digits: '1', happens: 'answered, `completed`, no SIP code', effect: course({ sip: null }) },
  { digits: '2', happens: '`busy`, SIP 486', effect: busy },
  { digits: '3', happens: 'rings, `no-answer`, SIP 487', effect: noAnswer },
  { digits: '4', happens: 'no ringing, `no-answer`, SIP 487', effect: noAnswerUnrung },
  { digits: '5', happens: 'no ringing, `failed`, SIP 404', effect: course({ ...failedUnrung, sip: 404 }) },
  { digits: '6', happens: 'rings, `failed`, SIP 480', effect: failedRung },
  { digits: '7', happens: '`canceled` by the queue, with a callback', effect: expired },
  { digits: '8', happens: 'answered by a machine, `completed`', effect: machine },
  {
    digits: '9',
    happens: 'answered by a human who talks for a day: `TimeLimit` or hanging up ends it',
    effect: longTalk,
  },
];

/** Calls with a course of their own: the last four digits after `+1500555`. */
export const specialCourses: Choice<CallCourse>[] = [
  { digits: '8001', happens: 'a human answers: AMD says `human`', effect: answered },
  { digits: '8002', happens: 'a machine answers: AMD says `machine_start`', effect: machine },
  {
    digits: '8003',
    happens: 'a machine answers: AMD says `machine_end_beep` (`machine_start` with `Enable`)',
    effect: course({ ...machine, pickedUpBy: 'machine_end_beep' }),
  },
  {
    digits: '8004',
    happens: 'a machine answers: AMD says `machine_end_silence` (`machine_start` with `Enable`)',
    effect: course({ ...machine, pickedUpBy: 'machine_end_silence' }),
  },
  {
    digits: '8005',
    happens: 'a machine answers: AMD says `machine_end_other` (`machine_start` with `Enable`)',
    effect: course({ ...machine, pickedUpBy: 'machine_end_other' }),
  },
  { digits: '8006', happens: 'a fax answers: AMD says `fax`', effect: course({ pickedUpBy: 'fax' }) },
  {
    digits: '8007',
    happens: 'silence answers: AMD says `unknown`',
    effect: course({ pickedUpBy: 'unknown' }),
  },
  { digits: '8101', happens: 'answered, hung up at once: duration 0', effect: course({ talkSeconds: 0.1 }) },
  {
    digits: '8102',
    happens: 'answered, talks for a day: `TimeLimit` or hanging up ends it',
    effect: longTalk,
  },
  {
    digits: '8103',
    happens: 'rings until `Timeout`, then `no-answer`',
    effect: course({ ...noAnswer, ringSeconds: null }),
  },
  { digits: '8104', happens: 'rings for 20 seconds, then answered', effect: course({ ringSeconds: 20 }) },
  {
    digits: '8105',
    happens: 'waits in the queue for a minute, then answered',
    effect: course({ queueSeconds: 60 }),
  },
  {
    digits: '8106',
    happens: "`canceled` by Twilio's queue, with a callback (its 24 hours are 2 seconds here)",
    effect: expired,
  },
  {
    digits: '8107',
    happens: "`canceled` by Twilio's queue, without any callback (its 24 hours are 2 seconds here)",
    effect: course({ ...expired, queue: 'expires-silently' }),
  },
  { digits: '8108', happens: 'never signals ringing, then answered', effect: course({ rings: false }) },
];
