import { z } from 'zod';
import { moment } from '../../../activities/validation/callRequestSchema.js';
import { must } from '../../../activities/validation/fault.js';

/** One way to steer a call: `POST /calls/{callId}/` and its name. */
export interface ControlRoute {
  /** The workflow update that does it. */
  update: 'cancel' | 'retryNow' | 'pause' | 'resume' | 'reschedule';
  /** What the body may hold, and becomes the update's argument; null: no body is looked at. */
  bodySchema: z.ZodObject | null;
  /** Without a body at all: a fault too. */
  bodyRequired?: true;
  /** What the order is called when no worker took it. */
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

/** Every way to steer a call, by the name under which the API and the command line know it. */
export const controlRoutes = {
  cancel: {
    update: 'cancel',
    bodySchema: withReason(),
    purpose: 'to stop',
    operationId: 'cancelCall',
    summary: 'Cancel a call',
    description:
      'No further attempt. A call that rings is canceled at Twilio, one that talks is hung up; what Twilio then says counts.',
    accepted: 'The call was told to stop.',
    example: { reason: 'the customer called back' },
  },
  retry: {
    update: 'retryNow',
    bodySchema: null,
    purpose: 'to dial again now',
    operationId: 'retryCall',
    summary: 'Dial again now',
    description: 'Only while the call waits to be retried, and is not paused.',
    accepted: 'The call dials now.',
  },
  pause: {
    update: 'pause',
    bodySchema: withReason(),
    purpose: 'to pause',
    operationId: 'pauseCall',
    summary: 'Pause a call',
    description:
      'No further attempt begins until the call is resumed; what Twilio has begun is followed to its end. When `giveUpAt` passes meanwhile the call ends, as it would otherwise. A call that is paused already keeps its first reason.',
    accepted: 'The call is paused.',
    example: { reason: 'the line is being repaired' },
  },
  resume: {
    update: 'resume',
    bodySchema: z.strictObject({}, must('an empty JSON object, or no body at all')),
    purpose: 'to resume',
    operationId: 'resumeCall',
    summary: 'Resume a paused call',
    description:
      'Only while it is paused. An attempt that was due meanwhile begins as soon as the calling window allows.',
    accepted: 'The call goes on.',
  },
  reschedule: {
    update: 'reschedule',
    bodySchema: z.strictObject(
      { at: moment().meta({ description: 'When the next attempt is to begin; what is past means now.' }) },
      must('a JSON object with at, the time of the next attempt'),
    ),
    bodyRequired: true,
    purpose: 'to reschedule its next attempt',
    operationId: 'rescheduleCall',
    summary: 'Begin the next attempt at another time',
    description:
      'Only while the call waits for the time of its next attempt, be it the first or a further one; not later than `giveUpAt`. It may be earlier than it was due, and than `notBefore`. The calling window still holds.',
    accepted: 'The next attempt is due at that time.',
    example: { at: '2040-01-31T09:00:00+01:00' },
  },
} as const satisfies Record<string, ControlRoute>;

export type ControlName = keyof typeof controlRoutes;
export const controlNames = Object.keys(controlRoutes) as ControlName[];
