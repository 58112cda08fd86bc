import { log } from '@temporalio/activity';
import type { Acceptance, AcceptedCall, CallActivities } from '../workflows/callActivities.js';
import type { LookupEvidence } from '../workflows/callOutcome.js';
import { type CallPlan, type CallRequest, notifyEvents, type RetryPolicy } from '../workflows/callRequest.js';
import { deadlineOf } from '../workflows/rules/retry.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import type { ActivitySettings } from './deps/activitySettings.js';
import { lookUpNumber } from './lookUpNumber.js';
import { checkCallRequest, completePolicy, type RequestContext } from './validation/callRequestSchema.js';
import { canonicalNumber } from './validation/canonicalNumber.js';
import { faultLine } from './validation/fault.js';

/**
 * Checks a request and freezes its plan, then performs Lookup if the plan says so. Faults are a result; never
 * throws. If Lookup spells the number otherwise, the plan has that spelling, and the requested one beside it.
 */
export function acceptAndLookUp(deps: ActivityDeps) {
  const accept = acceptCall(deps);
  const lookUp = lookUpNumber(deps);
  return async (input: Parameters<CallActivities['acceptAndLookUp']>[0]): Promise<AcceptedCall> => {
    const acceptance = await accept(input);
    if (!acceptance.accepted) return { ...acceptance, lookup: null };
    const { to: requestedTo, lookup: mode } = acceptance.plan;
    const lookup = mode === 'off' ? null : await lookUp({ to: requestedTo, lookup: mode });
    const plan = inSpellingOf(lookup, acceptance.plan);
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
    const plan = planOf(checked.request, { ...settings, policies }, input.startedAt);
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

function planOf(
  request: CallRequest,
  settings: Omit<ActivitySettings, 'policies'> & RequestContext,
  startedAt: string,
): CallPlan {
  const { retry = 'default' } = request;
  const policy = completePolicy(
    typeof retry === 'string' ? (settings.policies[retry] as RetryPolicy) : retry,
  );
  // RFC 3339 allows t and z; not every reader of times does.
  const notBefore = request.notBefore?.toUpperCase() ?? null;
  const giveUpAt = request.giveUpAt?.toUpperCase() ?? null;
  return {
    to: request.to,
    from: request.from ?? (settings.defaultFrom as string),
    content: contentOf(request),
    ringTimeoutSeconds: request.ringTimeoutSeconds ?? 30,
    maxDurationSeconds: request.maxDurationSeconds ?? 3600,
    machineDetection: request.machineDetection ?? 'off',
    lookup: request.lookup ?? 'basic',
    retry: policy,
    callingWindow: request.callingWindow ?? (request.urgent ? null : settings.callingWindow),
    urgent: request.urgent ?? false,
    notBefore,
    giveUpAt: deadlineOf(policy, { startedAt, notBefore, giveUpAt }),
    priority: request.priority ?? 3,
    fairnessKey: request.fairnessKey ?? null,
    allowParallel: request.allowParallel ?? false,
    notifyUrl: request.notifyUrl ?? null,
    eligibilityUrl: request.eligibilityUrl ?? null,
    notifyOn: request.notifyOn ?? notifyEvents,
    metadata: request.metadata ?? {},
    timeouts: {
      callbackWaitSeconds: settings.callbackWaitSeconds,
      pollIntervalSeconds: settings.pollIntervalSeconds,
      decideWithinSeconds: settings.decideWithinSeconds,
      absentAfterSeconds: settings.absentAfterSeconds,
    },
  };
}

/** Exactly one is given: the check above has seen to it. */
function contentOf({ twiml, url, applicationSid }: CallRequest): CallPlan['content'] {
  if (twiml !== undefined) return { twiml };
  if (url !== undefined) return { url };
  return { applicationSid: applicationSid as string };
}
