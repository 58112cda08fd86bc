import { log } from '@temporalio/activity';
import type { Acceptance, AcceptedCall, CallActivities } from '../workflows/callActivities.js';
import type { LookupEvidence } from '../workflows/callOutcome.js';
import type { CallPlan, CallRequest } from '../workflows/callRequest.js';
import { rejectedByLookup } from '../workflows/rules/decision.js';
import { everNamedAccounts } from './accounts/account.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import type { Hiding } from './deps/activitySettings.js';
import { forbiddenDestination } from './destinations/forbiddenDestination.js';
import { lookUpNumber } from './lookUpNumber.js';
import { placeAtOnce } from './place-call/placeAtOnce.js';
import { checkCallRequest } from './validation/callRequestSchema.js';
import { canonicalNumber } from './validation/canonicalNumber.js';
import { faultLine } from './validation/fault.js';
import { planOf } from './validation/planOf.js';

/**
 * Checks a request and freezes its plan, then performs Lookup if the plan says so and the number may be called at
 * all. Faults are a result. Throws only if the store is away and the request names an account that is not known here. If
 * Lookup spells the number otherwise, the plan has that spelling, and the requested one beside it; that spelling must be one
 * that may be called too. Then the call is placed, if nothing makes it wait.
 */
export function acceptAndLookUp(deps: ActivityDeps): CallActivities['acceptAndLookUp'] {
  const accept = acceptCall(deps);
  const lookUp = lookUpNumber(deps);
  const placeNow = placeAtOnce(deps);
  const lookUpAccepted = async (
    input: Parameters<CallActivities['acceptAndLookUp']>[0],
  ): Promise<AcceptedCall> => {
    const begunAt = Date.now();
    const acceptance = await accept(input);
    if (!acceptance.accepted) return { ...acceptance, lookup: null };
    const { destinations } = deps.settings;
    const { to: requestedTo, lookup: mode } = acceptance.plan;
    const ruledOut = forbiddenDestination(requestedTo, destinations);
    if (ruledOut) return { accepted: true, plan: acceptance.plan, lookup: null, forbidden: ruledOut };
    const { account } = acceptance.plan;
    const lookup = mode === 'off' ? null : await lookUp({ to: requestedTo, lookup: mode, account });
    const plan = inSpellingOf(lookup, acceptance.plan);
    const forbidden = forbiddenDestination(plan.to, destinations);
    if (forbidden) return { accepted: true, plan, lookup, forbidden };
    if (rejectedByLookup({ lookup, plan })) return { accepted: true, plan, lookup };

    const { callId, startedAt } = input;
    const lookupSaysValid = lookup?.valid ?? false;
    const placement = { callId, attempt: 1, placement: 1, requestedAt: startedAt, plan, lookupSaysValid };
    // For lists, which read the store only.
    const markPlacing = () => deps.store.markPlacing({ callId, to: plan.to }).catch(() => {});
    const isRespelled = plan.requestedTo !== undefined;
    if (isRespelled) await markPlacing();
    // Without the store nothing can be claimed.
    const placed = acceptance.isStored ? await placeNow(placement, begunAt) : null;
    if (placed) return { accepted: true, plan, lookup, placed };
    // The call may now wait in the dial queue for long.
    if (!isRespelled) await markPlacing();
    return { accepted: true, plan, lookup };
  };
  return async (input) => withHiddenText(await lookUpAccepted(input), deps.settings.hiding ?? null);
}

/** Temporal encrypts neither search attributes nor fairness keys. */
function withHiddenText(accepted: AcceptedCall, hiding: Hiding | null): AcceptedCall {
  if (!accepted.accepted || hiding === null) return accepted;
  const { plan } = accepted;
  const fairnessKey = plan.fairnessKey === null ? null : hiding.text(plan.fairnessKey);
  return { ...accepted, plan: { ...plan, hiddenTo: hiding.number(plan.to), fairnessKey } };
}

/** The plan with Lookup's spelling of a valid number, unless that is the caller ID. */
function inSpellingOf(lookup: LookupEvidence | null, plan: CallPlan): CallPlan {
  if (!lookup?.valid || lookup.phoneNumber === undefined) return plan;
  const to = canonicalNumber(lookup.phoneNumber);
  if (to === plan.to || to === canonicalNumber(plan.from)) return plan;
  return { ...plan, to, requestedTo: plan.to };
}

/** `isStored`: false while the store is away. */
type Accepted = (Acceptance & { accepted: true; isStored: boolean }) | (Acceptance & { accepted: false });

/**
 * Checks the request, which any Temporal client may have sent, and freezes policy and settings into the plan.
 */
function acceptCall({ settings, store }: ActivityDeps) {
  /** Of an account that is not known here, the store may know: the API may have read the file first. */
  async function accountsFor({ account }: CallRequest): Promise<ReturnType<typeof everNamedAccounts>> {
    const known = everNamedAccounts(settings.accounts);
    if (account === undefined || known.has(account)) return known;
    return new Map((await store.rememberedAccounts()).map((one) => [one.name, one]));
  }

  return async (input: Parameters<CallActivities['acceptAndLookUp']>[0]): Promise<Accepted> => {
    const accounts = await accountsFor(input.request);
    const context = { ...settings, policies: settings.policies(), accounts };
    const checked = checkCallRequest(input.request, context);
    if ('faults' in checked) return { accepted: false, faults: checked.faults.map(faultLine) };
    const plan: CallPlan = {
      ...planOf(checked.request, context, input.startedAt),
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
    let isStored = true;
    await store.addCall(row).catch((error) => {
      isStored = false;
      log.warn('The outcome store is away: the call goes on, and its row is written later', { error });
    });
    return { accepted: true, plan, isStored };
  };
}
