import { z } from 'zod';
import { moment } from '../../../activities/validation/callRequestSchema.js';
import { must } from '../../../activities/validation/fault.js';
import { emptyBodySchema } from '../http/jsonBody.js';

/** One way to control a call: `POST /calls/{callId}/` and its name. */
export interface CallControl {
  /** The workflow update that does it. */
  update: 'cancel' | 'retryNow' | 'pause' | 'resume' | 'reschedule';
  /** The body, which becomes the argument of the update. */
  body: z.ZodObject;
  bodyRequired?: true;
  /** Completes "No worker answered the request …". */
  purpose: string;
  operationId: string;
  summary: string;
  description: string;
  accepted: string;
  example?: object;
}

const longestReason = 500;
const reasonRule = `a string of at most ${longestReason} characters`;
const reason = () => z.string(must(reasonRule)).max(longestReason, must(reasonRule)).exactOptional();
const withReason = () =>
  z.strictObject({ reason: reason() }, must('a JSON object with an optional reason, or no body at all'));

/** Every control of a call, by its name in the API and on the command line. */
export const callControls = {
  cancel: {
    update: 'cancel',
    body: withReason(),
    purpose: 'to stop',
    operationId: 'cancelCall',
    summary: 'Cancel a call',
    description:
      'No further attempt begins. A call that rings is canceled at Twilio, and an answered one is hung up. What Twilio then reports decides the outcome.',
    accepted: 'The call stops.',
    example: { reason: 'the customer called back' },
  },
  retry: {
    update: 'retryNow',
    body: emptyBodySchema,
    purpose: 'to dial again now',
    operationId: 'retryCall',
    summary: 'Dial again now',
    description: 'Only while the call waits to retry and is not paused.',
    accepted: 'The call dials now.',
  },
  pause: {
    update: 'pause',
    body: withReason(),
    purpose: 'to pause',
    operationId: 'pauseCall',
    summary: 'Pause a call',
    description:
      'No further attempt begins until the call is resumed. A Twilio call in progress goes on. `giveUpAt` still ends the call. A call that is already paused keeps its first reason.',
    accepted: 'The call is paused.',
    example: { reason: 'the phone system is being repaired' },
  },
  resume: {
    update: 'resume',
    body: emptyBodySchema,
    purpose: 'to resume',
    operationId: 'resumeCall',
    summary: 'Resume a paused call',
    description:
      'Only while the call is paused. An attempt that has become due begins as soon as the calling window allows.',
    accepted: 'The call goes on.',
  },
  reschedule: {
    update: 'reschedule',
    body: z.strictObject(
      { at: moment().meta({ description: 'When the next attempt begins. A time in the past means now.' }) },
      must('a JSON object with at, the time of the next attempt'),
    ),
    bodyRequired: true,
    purpose: 'to reschedule its next attempt',
    operationId: 'rescheduleCall',
    summary: 'Begin the next attempt at another time',
    description:
      'Only while the call waits for the time of its next attempt. The new time may be earlier than `notBefore`, but not later than `giveUpAt`. The calling window still holds.',
    accepted: 'The next attempt is due at that time.',
    example: { at: '2040-01-31T09:00:00+01:00' },
  },
} as const satisfies Record<string, CallControl>;

export type ControlName = keyof typeof callControls;
export const controlNames = Object.keys(callControls) as ControlName[];
