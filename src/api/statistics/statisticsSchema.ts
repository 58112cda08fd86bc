import { z } from 'zod';
import { answererClasses, funnelSteps } from '../../../activities/store/statistics/callFacts.js';
import { waitingReasons } from '../../../activities/store/statistics/waitingCalls.js';
import { callStates, deciders } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import type { StatisticsReport } from './statisticsReport.js';
import type { WaitingReport } from './waitingReport.js';

const orNull = z.nullable;
const time = () => z.string().meta({ format: 'date-time' });
const query = () =>
  z.string().meta({ description: 'The query of GET /calls that lists exactly these calls.' });
const counted = { calls: z.int(), query: query() };
const text = (description: string) => z.string().meta({ description });

const duration = (description: string) =>
  z
    .object({
      count: z.int(),
      p50: orNull(z.number()),
      p95: orNull(z.number()),
    })
    .meta({ description: `${description} In seconds; estimated within ranges. Null: nothing was counted.` });

export const statisticsSchema = z
  .object({
    since: time().meta({ description: 'The first whole hour that is counted.' }),
    until: time().meta({ description: 'The end of the last one.' }),
    funnel: z
      .array(z.object({ step: z.enum(funnelSteps), meaning: z.string(), ...counted }))
      .meta({ description: 'How far the calls got. A call that got to a step got to all before it.' }),
    outcomes: z.array(z.object({ outcome: z.enum(outcomes), ...counted })),
    answeredBy: z
      .array(z.object({ answeredBy: z.enum(answererClasses), ...counted }))
      .meta({ description: 'Who answered. The sum is the number of answered calls.' }),
    unfinished: z
      .array(z.object({ state: z.enum(callStates), ...counted }))
      .meta({ description: 'Calls under way.' }),
    withoutOutcome: z.object(counted).meta({ description: 'Calls that are over without an outcome.' }),
    failures: z
      .array(
        z.object({
          source: orNull(z.string()),
          code: orNull(z.string()),
          meaning: orNull(text('Null: this code is not known to ringtrue.')),
          remedy: orNull(text('What to do.')),
          url: orNull(text("Twilio's page about the code.")),
          ...counted,
        }),
      )
      .meta({ description: 'Calls that were not answered, by the deciding error.' }),
    decidedBy: z.array(
      z.object({ decidedBy: z.enum(deciders), share: z.number().meta({ description: '0..1' }), ...counted }),
    ),
    attempts: z
      .array(z.object({ attempts: z.int(), answered: z.int(), answeredQuery: query(), ...counted }))
      .meta({
        description:
          'Calls by how many attempts they made, and how many of them were answered at the last one. The last entry stands for that many or more.',
      }),
    callers: z
      .array(
        z.object({
          from: z.string(),
          answered: z.int(),
          human: z.int(),
          machine: z.int(),
          short: z.int().meta({ description: 'Answered, and over within six seconds.' }),
          shortQuery: query(),
          ...counted,
        }),
      )
      .meta({ description: 'The fifty caller ids with the most calls that have an outcome.' }),
    secondsToRing: duration('From the request to the first ring.'),
    secondsToOutcome: duration('From the request to the outcome.'),
    callbackDelaySeconds: duration('From an event at Twilio to the arrival of its callback.'),
    points: z.object({
      bucketSeconds: z.int(),
      values: z.array(z.object({ at: time(), calls: z.int(), answered: z.int(), human: z.int() })),
    }),
  })
  .meta({ id: 'Statistics', description: 'What became of the calls that were requested in a period.' });

export const waitingSchema = z
  .object({
    total: z.int().meta({ description: 'Calls that wait, and rows of batches that are not calls yet.' }),
    entries: z.array(
      z.object({
        by: z.enum([...waitingReasons, 'batch', 'batch-paused']),
        count: z.int(),
        message: text('What they wait for.'),
        isWrong: z.boolean().meta({ description: 'Somebody must look after it.' }),
        clearsByItself: z.boolean(),
        clearsAt: orNull(time()).meta({
          description: 'When the first of them goes on at the earliest. Null: not known.',
        }),
        whatToDo: z.string(),
        oldestStartedAt: orNull(time()),
        query: orNull(query()),
      }),
    ),
  })
  .meta({
    id: 'WaitingCalls',
    description: 'Why calls are not ringing.',
    example: {
      total: 12,
      entries: [
        {
          by: 'calling-window',
          count: 12,
          message: 'Their calling window is closed.',
          isWrong: false,
          clearsByItself: true,
          clearsAt: '2026-01-31T08:00:00.000Z',
          whatToDo: 'Nothing. Their phones may not ring at this hour.',
          oldestStartedAt: '2026-01-31T05:00:00.000Z',
          query: 'waitingBy=calling-window',
        },
      ],
    },
  });

/** Compiles only while the description and the types say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
true satisfies Same<Plain<z.output<typeof statisticsSchema>>, Plain<StatisticsReport>>;
true satisfies Same<Plain<z.output<typeof waitingSchema>>, Plain<WaitingReport>>;
