import type { Hindrance, PlaceCallInput } from '../../workflows/callActivities.js';
import type { CallPlan } from '../../workflows/callRequest.js';
import type { NotPlaced } from '../../workflows/rules/decision.js';
import { isAfter } from '../../workflows/rules/retry.js';
import { nextAllowedTime } from '../calling-window/findAllowedTime.js';
import type { CallRules } from '../deps/activitySettings.js';
import { forbiddenDestination } from '../destinations/forbiddenDestination.js';
import type { OutcomeStore } from '../store/outcomeStore.js';
import type { Refusal } from '../store/placements/placementJournal.js';
import { type ClaimSettings, claimRequestOf } from './claimPlacement.js';
import { claimRefusal } from './claimRefusal.js';

/** What would become of a call that is requested now, as far as is known without asking anybody else. */
export interface CallPreview {
  /** ISO 8601; null if there would be no attempt. Later if a hindrance without `until` lasts longer. */
  earliestAttemptAt: string | null;
  /** Everything that rules the call out. */
  forbidden: Exclude<NotPlaced, { by: 'canceled' | 'already-recorded' }>[];
  /** Everything that the call would wait for. */
  hindrances: (Hindrance | { by: 'not-before'; until: string })[];
}

export interface PreviewDeps {
  store: OutcomeStore;
  settings: ClaimSettings;
}

/**
 * Applies every rule that a worker would apply to the first attempt of these calls. Dials nothing, writes
 * nothing, and asks neither Lookup nor an eligibility URL. Throws `StoreUnavailable`.
 */
export async function previewCalls(
  { store, settings }: PreviewDeps,
  plans: CallPlan[],
): Promise<CallPreview[]> {
  const inputs = plans.map((plan) => ({
    callId: '',
    attempt: 1,
    placement: 1,
    plan,
    // Before the call is placed, Lookup is asked again, and its newer answer counts. If it is off, an older one does not.
    lookupSaysValid: true,
  }));
  const refusals = await store.previewPlacements(inputs.map((input) => claimRequestOf(settings, input)));
  // By the database's clock, as claims are.
  const now = new Date(await store.databaseNow());
  return Promise.all(
    inputs.map((input, nth) =>
      previewOf({ ...input, requestedAt: now.toISOString() }, settings, refusals[nth] ?? [], now),
    ),
  );
}

async function previewOf(
  input: PlaceCallInput,
  { destinations }: CallRules,
  refusals: Refusal[],
  now: Date,
): Promise<CallPreview> {
  const { plan } = input;
  const forbidden: CallPreview['forbidden'] = [];
  const hindrances: CallPreview['hindrances'] = [];

  const destination = forbiddenDestination(plan.to, destinations);
  if (destination) forbidden.push(destination);
  const notBefore = plan.notBefore === null ? now : new Date(plan.notBefore);
  const from = notBefore > now ? notBefore : now;
  if (notBefore > now) hindrances.push({ by: 'not-before', until: from.toISOString() });
  for (const refusal of refusals) {
    const result = claimRefusal(input, refusal, now.getTime());
    if (result.kind === 'forbidden') forbidden.push(result.forbidden);
    if (result.kind === 'not-yet') hindrances.push(result.hindrance);
  }
  const times = [from.toISOString(), ...hindrances.map(untilOf)].filter((time) => time !== null);
  const afterOthers = times.reduce((latest, time) => (time > latest ? time : latest));
  // The window may have closed by the time at which everything else allows the call.
  const { opensAt, timeZones } = await nextAllowedTime(plan, new Date(afterOthers));
  if (opensAt === null) forbidden.push({ by: 'window-never-opens', timeZones });
  else if (opensAt > afterOthers) hindrances.push({ by: 'calling-window', until: opensAt });
  const earliest = opensAt !== null && opensAt > afterOthers ? opensAt : afterOthers;
  if (isAfter(earliest, plan.giveUpAt)) forbidden.push({ by: 'give-up-at' });
  return { earliestAttemptAt: forbidden.length > 0 ? null : earliest, forbidden, hindrances };
}

/** ISO 8601; null if nobody knows how long it lasts. */
export function untilOf(hindrance: CallPreview['hindrances'][number]): string | null {
  return 'until' in hindrance ? hindrance.until : null;
}
