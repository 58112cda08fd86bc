import { log } from '@temporalio/activity';
import type { Acceptance, AcceptedCall, CallActivities } from '../workflows/callActivities.js';
import type { LookupEvidence } from '../workflows/callOutcome.js';
import type { CallPlan } from '../workflows/callRequest.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { forbiddenDestination } from './destinations/forbiddenDestination.js';
import { lookUpNumber } from './lookUpNumber.js';
import { checkCallRequest } from './validation/callRequestSchema.js';
import { canonicalNumber } from './validation/canonicalNumber.js';
import { faultLine } from './validation/fault.js';
import { planOf } from './validation/planOf.js';

/**
 * Checks a request and freezes its plan, then performs Lookup if the plan says so and the number may be called at
 * all. Faults are a result; never throws. If Lookup spells the number otherwise, the plan has that spelling, and the
 * requested one beside it; that spelling must be one that may be called too.
 */
export function acceptAndLookUp(deps: ActivityDeps) {
  const accept = acceptCall(deps);
  const lookUp = lookUpNumber(deps);
  return async (input: Parameters<CallActivities['acceptAndLookUp']>[0]): Promise<AcceptedCall> => {
    const acceptance = await accept(input);
    if (!acceptance.accepted) return { ...acceptance, lookup: null };
    const { destinations } = deps.settings;
    const { to: requestedTo, lookup: mode } = acceptance.plan;
    const ruledOut = forbiddenDestination(requestedTo, destinations);
    if (ruledOut) return { ...acceptance, lookup: null, forbidden: ruledOut };
    const lookup = mode === 'off' ? null : await lookUp({ to: requestedTo, lookup: mode });
    const plan = inSpellingOf(lookup, acceptance.plan);
    const forbidden = forbiddenDestination(plan.to, destinations);
    if (forbidden) return { accepted: true, plan, lookup, forbidden };
    const { callId } = input;
    // For lists, which read the store only. The call may now wait in the dial queue for long.
    if (lookup?.valid !== false) await deps.store.markPlacing({ callId, to: plan.to }).catch(() => {});
    return { accepted: true, plan, lookup };
  };
}

/** The plan with Lookup's spelling of a valid number, unless that is the caller ID. */
function inSpellingOf(lookup: LookupEvidence | null, plan: CallPlan): CallPlan {
  if (!lookup?.valid || lookup.phoneNumber === undefined) return plan;
  const to = canonicalNumber(lookup.phoneNumber);
  if (to === plan.to || to === canonicalNumber(plan.from)) return plan;
  return { ...plan, to, requestedTo: plan.to };
}

/**
 * Checks the request, which any Temporal client may have sent, and freezes policy and settings into the plan.
 */
export function acceptCall({ settings, store }: ActivityDeps) {
  return async (input: Parameters<CallActivities['acceptAndLookUp']>[0]): Promise<Acceptance> => {
    const policies = settings.policies();
    const checked = checkCallRequest(input.request, { ...settings, policies });
    if ('faults' in checked) return { accepted: false, faults: checked.faults.map(faultLine) };
    const plan: CallPlan = {
      ...planOf(checked.request, { ...settings, policies }, input.startedAt),
      ...(settings.publicUrl === null ? { callbacks: false } : {}),
    };
    const row = {
      callId: input.callId,
      to: plan.to,
      from: plan.from,
      metadata: plan.metadata,
      startedAt: input.startedAt,
      request: input.request,
      ...(input.batchId === null ? {} : { batchId: input.batchId }),
      requestedBy: input.requestedBy,
    };
    await store.addCall(row).catch((error) => {
      log.warn('The outcome store is away: the call goes on, and its row is written later', { error });
    });
    return { accepted: true, plan };
  };
}
