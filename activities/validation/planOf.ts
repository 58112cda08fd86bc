import {
  type CallPlan,
  type CallRequest,
  notifyEvents,
  type RetryPolicy,
} from '../../workflows/callRequest.js';
import { deadlineOf } from '../../workflows/rules/retry.js';
import { completePolicy, type RequestContext } from './callRequestSchema.js';

/** The settings that go into a plan. */
type PlanSettings = RequestContext & CallPlan['timeouts'] & Pick<CallPlan, 'callingWindow'>;

/** The plan of a checked request: every default filled in, and policy and settings frozen. */
export function planOf(request: CallRequest, settings: PlanSettings, startedAt: string): CallPlan {
  const { retry = 'default' } = request;
  const policy = completePolicy(
    typeof retry === 'string' ? (settings.policies[retry] as RetryPolicy) : retry,
  );
  // RFC 3339 allows t and z; not every reader of times does.
  const notBefore = request.notBefore?.toUpperCase() ?? null;
  const giveUpAt = request.giveUpAt?.toUpperCase() ?? null;
  const account = request.account === undefined ? undefined : settings.accounts?.get(request.account);
  const defaultFrom = account === undefined ? settings.defaultFrom : account.defaultFrom;
  return {
    to: request.to,
    from: request.from ?? (defaultFrom as string),
    ...(account === undefined ? {} : { account: { name: account.name, sid: account.sid } }),
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
    ...(request.twilio === undefined ? {} : { twilio: request.twilio }),
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

/** The request that this plan was made of, with every default: what a dry run shows. It can be sent as it is. */
export function requestOf(plan: CallPlan): CallRequest {
  const { content, timeouts: _, notifyOn, account, ...rest } = plan;
  const named = account === undefined ? {} : { account: account.name };
  const fields = {
    ...rest,
    ...named,
    ...content,
    ...(plan.notifyUrl === null ? {} : { notifyOn: [...notifyOn] }),
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null),
  ) as unknown as CallRequest;
}
