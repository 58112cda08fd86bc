import { log } from '@temporalio/activity';
import type { CallListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import type { CallUpdate } from '../../workflows/callOutcome.js';
import type { TwilioParameters } from '../../workflows/callRequest.js';
import { accountFault, classifyRefusal } from '../../workflows/rules/twilioRefusal.js';
import type { Account } from '../accounts/account.js';
import { type ActivityDeps, type ActivityEvent, ofAccount } from '../deps/activityDeps.js';
import { statusCallbackUrl } from '../twilio/statusCallbackUrl.js';
import { surelyNotSent, TwilioRestError } from '../twilio/twilioRestError.js';
import { countryPrefix } from '../validation/countryPrefix.js';
import { certainlyNotSent, notRecorded, settlePlacement, unclear } from './settlePlacement.js';

export type PlaceCallDeps = Omit<ActivityDeps, 'callStarter'>;

/**
 * Sends the create request of a claimed placement, classifies the answer, and writes what became of it to the
 * journal. Never throws. Sends before it first awaits anything. `databaseNow`: the database's clock, in ms.
 */
export async function sendPlacement(
  { emit, ...others }: PlaceCallDeps,
  input: PlaceCallInput,
  account: Account,
  databaseNow: () => number,
): Promise<PlaceCallResult> {
  const deps = { ...others, emit: (event: ActivityEvent) => emit({ ...event, ...ofAccount(account) }) };
  let callSid: string;
  try {
    callSid = (await deps.twilio.of(account).calls.create(createOptions(deps, input))).sid;
  } catch (error) {
    return notCreated(deps, input, error);
  }
  const at = new Date(databaseNow()).toISOString();
  deps.emit({ kind: 'account-ok' });
  if (!isCallSid(callSid)) return unclear(deps, input, 'Twilio answered without a call SID', false);
  const [{ recorded }] = await Promise.all([
    settlePlacement(deps, input, { result: 'created', callSid, providerFailed: false }),
    recordQueued(deps, input, callSid),
  ]);
  return { kind: 'created', callSid, at, sidFrom: 'created', ...(recorded ? {} : { unrecorded: true }) };
}

function isCallSid(sid: unknown): boolean {
  return typeof sid === 'string' && /^CA[0-9a-fA-F]{32}$/.test(sid);
}

/**
 * Three answers are possible: refused by Twilio, certainly not sent, and unclear, which is everything else.
 */
async function notCreated(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  error: unknown,
): Promise<PlaceCallResult> {
  if (error instanceof TwilioRestError && meansNoCall(error)) return refused(deps, input, error);
  const why = error instanceof Error ? error.message : String(error);
  if (surelyNotSent(error))
    return certainlyNotSent(
      deps,
      input,
      { why: `Twilio could not be reached (${why})`, retryAfterSeconds: null },
      { providerFailed: true, why },
    );
  // An answer with a code is Twilio's own: then nothing is under way any more.
  return unclear(deps, input, why, error instanceof TwilioRestError && error.error.code !== null);
}

/**
 * A 4xx with one of Twilio's codes says that there is no call. Without a code it is the answer of something in between, which
 * may have replaced Twilio's own after Twilio made the call; so may the 408 of a gateway.
 */
function meansNoCall({ error }: TwilioRestError): boolean {
  const { code, httpStatus } = error;
  return code !== null && httpStatus >= 400 && httpStatus < 500 && httpStatus !== 408;
}

async function refused(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  { error, retryAfterSeconds }: TwilioRestError,
): Promise<PlaceCallResult> {
  const refusalClass = classifyRefusal(error);
  if (refusalClass === 'not-processed') {
    const why = `Twilio asks to wait (${error.code ?? error.httpStatus}: ${error.message})`;
    return certainlyNotSent(deps, input, { why, retryAfterSeconds });
  }
  const callWaits = refusalClass === 'account-trouble';
  const fault = accountFault(error.code);
  // Known, or refused at the door. A code that nobody knows may speak of one number only.
  const accountTrouble =
    callWaits && (fault !== null || error.httpStatus === 401 || error.httpStatus === 403);
  const { recorded, isSameFault } = await settlePlacement(deps, input, {
    result: 'refused',
    detail: error,
    providerFailed: callWaits,
    accountTrouble,
    accountFaultCode: !accountTrouble && (fault !== null || callWaits) ? error.code : null,
    accountFaultPrefix: fault?.ofCountry ? countryPrefix(input.plan.to) : null,
    why: `${error.code} ${error.message}${fault ? ` (${fault.meaning}; ${fixFor(input, fault.fix)})` : ''}`,
  });
  // Of the first few calls nobody could know that every other one would be refused too.
  if (!callWaits && !isSameFault) {
    deps.emit({ kind: 'account-ok' });
    return { kind: 'refused', error };
  }
  const { code, httpStatus, message } = error;
  // Calls to other countries go on: the circuit breaker says what is held.
  if (fault?.ofCountry) return recorded ? { kind: 'account-trouble', error } : notRecorded;
  deps.emit({ kind: 'account-trouble', code, message });
  log.error('Twilio refuses the account: calls wait until you fix it', {
    account: input.plan.account?.name ?? null,
    code,
    httpStatus,
  });
  return recorded ? { kind: 'account-trouble', error } : notRecorded;
}

/** What to do, in the words of where the account is configured. */
function fixFor({ plan }: PlaceCallInput, fix: string): string {
  return plan.account === undefined
    ? fix
    : fix.replace('TWILIO_ACCOUNT_SID', 'its accountSid in RINGTRUE_ACCOUNTS');
}

/** For lists: a placed call shows at once, before its first callback. */
async function recordQueued(deps: PlaceCallDeps, input: PlaceCallInput, callSid: string): Promise<void> {
  const { callId, attempt } = input;
  const update: CallUpdate = {
    source: 'poll',
    callSid,
    status: 'queued',
    sequence: null,
    at: null,
    sipResponseCode: null,
    errorCode: null,
    durationSeconds: null,
    answeredBy: null,
    rang: false,
  };
  await deps.store.recordProgress({ callId, attempt, state: 'queued', update }).catch(() => {});
}

function createOptions(
  deps: PlaceCallDeps,
  { callId, attempt, plan }: PlaceCallInput,
): CallListInstanceCreateOptions {
  const { content } = plan;
  const { publicUrl } = deps.settings;
  return {
    // First, so that nothing in them replaces what follows.
    ...sdkNames(plan.twilio ?? {}),
    to: plan.to,
    from: plan.from,
    timeout: plan.ringTimeoutSeconds,
    timeLimit: plan.maxDurationSeconds,
    ...content,
    // Twilio ignores the request's callbacks when an application is given.
    ...('applicationSid' in content || publicUrl === null
      ? {}
      : {
          statusCallback: statusCallbackUrl(publicUrl, callId, attempt),
          statusCallbackMethod: 'POST',
          statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
        }),
    ...(plan.machineDetection === 'off'
      ? {}
      : { machineDetection: plan.machineDetection === 'enable' ? 'Enable' : 'DetectMessageEnd' }),
  };
}

/** The SDK's names: `sendDigits` for `SendDigits`. It sends each under Twilio's name. */
function sdkNames(parameters: TwilioParameters): Partial<CallListInstanceCreateOptions> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
}
