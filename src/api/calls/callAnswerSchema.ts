import { z } from 'zod';
import { workflowEndStatuses } from '../../../activities/store/calls/workflowEnds.js';
import {
  answerers,
  type CallOutcome,
  callControlNames,
  callStates,
  deciders,
  reachabilities,
} from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import type { CallAnswer } from './callAnswer.js';

export const exampleCallId = 'call-0f8fad5b-d9cb-469f-a165-70867728950e';
export const exampleCallUrl = `https://ringtrue.example/calls/${exampleCallId}`;

const time = () => z.string().meta({ format: 'date-time' });
const orNull = z.nullable;
const sid = () => z.string().meta({ description: "Twilio's CA…" });

const twilioError = z.object({ code: orNull(z.int()), httpStatus: z.int(), message: z.string() });

const update = z
  .object({
    source: z.enum(['webhook', 'poll']),
    callSid: sid(),
    status: z.string().meta({ description: "Twilio's status, unchanged." }),
    sequence: orNull(z.int()),
    at: orNull(time()),
    sipResponseCode: orNull(z.int()),
    errorCode: orNull(z.int()),
    durationSeconds: orNull(z.number()),
    answeredBy: orNull(z.string()),
    rang: z.boolean(),
    receivedAt: z
      .string()
      .meta({ format: 'date-time', description: 'When the callback came. Absent of a poll.' })
      .exactOptional(),
  })
  .meta({ id: 'CallUpdate', description: 'What one callback or poll said about an attempt.' });

const reason = z
  .object({
    code: z.string(),
    source: z.enum(['twilio', 'sip', 'lookup', 'policy']),
    message: z.string(),
  })
  .meta({ id: 'Reason', description: 'The deciding error.' });

export const attemptSchema = z
  .object({
    number: z.int().min(1),
    callSid: orNull(sid()),
    status: orNull(z.string()).meta({ description: "Twilio's last status of the call." }),
    outcome: orNull(z.enum(outcomes)).meta({ description: 'Null while the attempt is in progress.' }),
    decidedBy: orNull(z.enum(deciders)),
    errorCode: orNull(z.int()),
    sipResponseCode: orNull(z.int()),
    placedAt: orNull(time()),
    answeredAt: orNull(time()),
    endedAt: orNull(time()),
    durationSeconds: orNull(z.number()),
    answeredBy: orNull(z.enum(answerers)),
    reason: orNull(reason),
    evidence: z.object({
      create: orNull(
        z.object({
          sidFrom: orNull(z.enum(['created', 'callback', 'list', 'journal'])),
          error: orNull(twilioError),
          unclear: orNull(z.string()),
        }),
      ),
      updates: z.array(update),
      disagreed: z.boolean().meta({ description: 'Two sources gave different final statuses.' }),
      notifications: z
        .array(z.object({ code: z.int(), message: z.string() }))
        .optional()
        .meta({
          description: 'What Twilio noted about an answered call, such as a TwiML document it could not use.',
        }),
    }),
  })
  .meta({ id: 'Attempt', description: 'One try to reach the number: at most one Twilio call.' });

const lookup = z
  .object({
    answered: z.boolean(),
    valid: orNull(z.boolean()),
    validationErrors: z.array(z.string()),
    lineType: orNull(z.string()),
    lineStatus: orNull(z.string()),
    phoneNumber: z.string().exactOptional().meta({
      description: 'The number as Lookup spells it, if that is another spelling.',
    }),
    errors: z.array(z.object({ package: z.string(), code: orNull(z.int()), message: z.string() })),
  })
  .meta({ id: 'LookupEvidence', description: 'What Lookup said, or why it gave no answer.' });

export const requestedBy = () =>
  orNull(z.string()).meta({ description: 'The name of the token that requested it. Null without tokens.' });

const account = () =>
  z.string().exactOptional().meta({
    description: 'The name of the Twilio account that places the call, if it is not the main account.',
  });

/** Who used which control, of a call or a batch. */
export const controlUses = <const T extends string>(names: readonly T[]) =>
  z
    .array(
      z.object({
        at: time(),
        control: z.enum(names),
        by: orNull(z.string()).meta({ description: 'The name of the token.' }),
      }),
    )
    .meta({ description: 'Who used which control, in order.' });

export const callOutcomeSchema = z
  .object({
    callId: z.string(),
    to: z.string(),
    requestedTo: z.string().exactOptional().meta({
      description: 'The number as it was requested, if Lookup spells it otherwise.',
    }),
    from: z.string(),
    account: account(),
    metadata: z.record(z.string(), z.string()),
    outcome: z.enum(outcomes).meta({ description: 'How the call turned out.' }),
    answeredBy: orNull(z.enum(answerers)),
    reachability: z.enum(reachabilities).meta({ description: 'What the evidence says of the number.' }),
    reason: orNull(reason),
    decidedBy: z.enum(deciders).meta({ description: 'Where the final status came from.' }),
    callSid: orNull(sid()),
    errorCode: orNull(z.int()),
    sipResponseCode: orNull(z.int()),
    durationSeconds: orNull(z.number()),
    attempts: z.array(attemptSchema),
    endedBecause: z
      .object({ code: z.string(), message: z.string() })
      .meta({ description: 'Why there was no further attempt: a code, and a sentence for people.' }),
    requestedBy: requestedBy(),
    controls: controlUses(callControlNames),
    timeline: z
      .array(z.object({ at: time(), text: z.string() }))
      .meta({ description: 'What happened to the call, in order, for people.' }),
    lookup: orNull(lookup),
    startedAt: time(),
    endedAt: time(),
  })
  .meta({ id: 'CallOutcome', description: 'How a call turned out, with its evidence.' });

/** What `GET /calls/{callId}` answers. */
export const callAnswerSchema = z
  .object({
    callId: z.string(),
    to: orNull(z.string()),
    from: orNull(z.string()),
    account: account(),
    metadata: z.record(z.string(), z.string()),
    startedAt: time(),
    state: z.enum(callStates),
    attempts: z.array(attemptSchema),
    outcome: orNull(callOutcomeSchema),
    waitingFor: orNull(z.string()).meta({ description: 'What the call waits for and why, for people.' }),
    nextAttemptAt: orNull(time()),
    paused: z.boolean().meta({ description: 'True: no attempt begins until the call is resumed.' }),
    pauseReason: orNull(z.string()).meta({ description: 'Why the call was paused, if a reason was given.' }),
    workflowEnd: z
      .object({
        status: z.enum(workflowEndStatuses),
        at: orNull(time()),
        reason: orNull(z.string()),
        lastState: z.enum(callStates),
      })
      .exactOptional()
      .meta({
        description:
          'How the workflow of a call ended that is over without an outcome. `missing`: Temporal does not have it any more.',
      }),
    requestedBy: requestedBy(),
    controls: controlUses(callControlNames),
    error: z.string().exactOptional().meta({
      description: 'Why a call that is over has no outcome, and what to do.',
    }),
    stale: z.literal(true).exactOptional().meta({
      description: 'The running call could not be queried. This is its last recorded state.',
    }),
  })
  .meta({
    id: 'CallState',
    description: 'The state of a call.',
    example: {
      callId: exampleCallId,
      to: '+15005550006',
      from: '+15005550001',
      metadata: {},
      startedAt: '2026-01-31T09:00:00.000Z',
      state: 'waiting-to-retry',
      attempts: [],
      outcome: null,
      waitingFor: 'attempt 2 after busy',
      nextAttemptAt: '2026-01-31T09:05:00.000Z',
      paused: false,
      pauseReason: null,
      requestedBy: 'web-shop',
      controls: [],
    },
  });

/** Compiles only while the description and the types say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
true satisfies Same<Plain<z.output<typeof callAnswerSchema>>, Plain<CallAnswer>>;
true satisfies Same<Plain<z.output<typeof callOutcomeSchema>>, Plain<CallOutcome>>;
