import { z } from 'zod';
import type { DeadLetter } from '../../../activities/store/deadLetters.js';
import { notifyEvents } from '../../../workflows/callRequest.js';
import { nextCursor } from '../http/page.js';

export const deadLetterStates = ['dead', 'delivered'] as const;

const time = () => z.string().meta({ format: 'date-time' });
const timeOrNull = () => z.nullable(time());

const deadLetterSchema = z
  .object({
    id: z.string().meta({ description: 'Its webhook-id, the same whenever it is sent.' }),
    callId: z.string(),
    type: z.enum(notifyEvents),
    url: z.string().meta({ description: 'The whole notifyUrl.' }),
    state: z.enum(deadLetterStates),
    error: z.string().meta({ description: 'Why the last try failed.' }),
    failedAt: time().meta({ description: 'When it was last given up.' }),
    resends: z.int().min(0).meta({ description: 'How many times it was sent again on request.' }),
    resentAt: timeOrNull(),
    deliveredAt: timeOrNull(),
  })
  .meta({ id: 'DeadLetter', description: 'A notification that could not be delivered.' });

export const deadLetterPageSchema = z
  .object({
    deadLetters: z.array(deadLetterSchema),
    nextCursor: nextCursor(),
  })
  .meta({ id: 'DeadLetterPage', example: { deadLetters: [], nextCursor: null } });

export const resendSchema = z.object({ id: z.string() }).meta({ id: 'Resend' });

/** Compiles only while the description and the type say the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = { [K in keyof T]: T[K] };
true satisfies Same<Plain<z.output<typeof deadLetterSchema>>, Plain<DeadLetter>>;
