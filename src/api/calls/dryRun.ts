import { z } from 'zod';
import { namedAccounts } from '../../../activities/accounts/account.js';
import {
  type CallPreview,
  type PreviewDeps,
  previewCalls,
  untilOf,
} from '../../../activities/place-call/previewCalls.js';
import { callRequestSchema } from '../../../activities/validation/callRequestSchema.js';
import { planOf, requestOf } from '../../../activities/validation/planOf.js';
import type { CallPlan, CallRequest } from '../../../workflows/callRequest.js';
import { endedBecauseOf } from '../../../workflows/rules/decision.js';
import { hindranceMessage } from '../../../workflows/rules/wording.js';
import type { ApiTools } from '../http/apiDependencies.js';

const by = z.string().meta({ description: 'The rule.', example: 'do-not-call' });
const message = z.string().meta({ description: 'A sentence for people.' });
export const uncheckedSchema = z.array(z.object({ by, message })).meta({
  description: 'Services that a real call would ask, and a dry run does not.',
});

export const dryRunSchema = z
  .object({
    request: callRequestSchema.meta({
      description: 'The request with every default filled in, and its retry policy.',
    }),
    earliestAttemptAt: z.nullable(z.string()).meta({
      format: 'date-time',
      description:
        'When the first attempt could begin. Null if something forbids it. Later if something delays it whose end is not known.',
    }),
    forbiddenBy: z.array(z.object({ by, message })).meta({ description: 'Every rule that rules it out.' }),
    delayedBy: z
      .array(
        z.object({
          by,
          message,
          until: z.nullable(z.string()).meta({ format: 'date-time', description: 'Null: not known.' }),
        }),
      )
      .meta({ description: 'Everything that the call would wait for.' }),
    unchecked: uncheckedSchema,
  })
  .meta({ id: 'DryRun' });

export type DryRun = Omit<z.output<typeof dryRunSchema>, 'request'> & { request: CallRequest };

/** What would become of a checked request. Nothing is dialed, started or written, and nobody else is asked. */
export async function dryRunOf(tools: ApiTools, request: CallRequest): Promise<DryRun> {
  const plan = planFor(tools, request);
  const [preview] = await previewCalls(previewDeps(tools), [plan]);
  if (preview === undefined) throw new Error('A dry run has no preview.');
  const { earliestAttemptAt, forbidden, hindrances } = preview;
  const remembered = plan.lookup === 'off' ? null : await tools.store.findInvalidNumber(plan.to);
  return {
    request: requestOf(plan),
    earliestAttemptAt,
    forbiddenBy: forbidden.map(forbiddenEntry),
    delayedBy: hindrances.map(delayedEntry),
    unchecked: uncheckedOf(tools, [plan]).map((entry) =>
      entry.by === 'lookup' && remembered?.source === 'lookup'
        ? {
            ...entry,
            message: `${entry.message}, as it did on ${remembered.seenAt} in call ${remembered.callId}`,
          }
        : entry,
    ),
  };
}

/** The plan that a worker would make of the request now. */
export function planFor(tools: ApiTools, request: CallRequest): CallPlan {
  const settings = {
    ...tools.rules,
    defaultFrom: tools.defaultFrom,
    policies: tools.policies(),
    accounts: namedAccounts(tools.accounts),
  };
  return planOf(request, settings, new Date().toISOString());
}

export function previewDeps({ store, rules, accountSid, accounts }: ApiTools): PreviewDeps {
  return { store, settings: { ...rules, accounts, twilio: { accountSid } } };
}

export function forbiddenEntry(why: CallPreview['forbidden'][number]): DryRun['forbiddenBy'][number] {
  const { code, message } = endedBecauseOf(why);
  return { by: code, message };
}

export function delayedEntry(hindrance: CallPreview['hindrances'][number]): DryRun['delayedBy'][number] {
  const { by } = hindrance;
  const what = by === 'not-before' ? `notBefore: ${hindrance.until}` : hindranceMessage(hindrance);
  return { by, message: `The call would wait for ${what}`, until: untilOf(hindrance) };
}

/** Who would be asked before these calls are dialed, and is not asked now. */
export function uncheckedOf({ rules }: ApiTools, plans: CallPlan[]): DryRun['unchecked'] {
  const asksEligibility =
    rules.doNotCall.eligibilityUrl !== null || plans.some(({ eligibilityUrl }) => eligibilityUrl !== null);
  const asksLookup = plans.some(({ lookup }) => lookup !== 'off');
  return [
    ...(asksLookup
      ? [{ by: 'lookup', message: 'Lookup was not asked; it may say that the number does not exist' }]
      : []),
    ...(asksEligibility
      ? [{ by: 'eligibility', message: 'The eligibility URL was not asked; it may refuse the number' }]
      : []),
  ];
}
