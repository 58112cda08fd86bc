import { twilioParameters } from '../../../activities/validation/twilioParameters.js';
import type { CallFilter, CallRequest, CallState } from '../../client/ringtrue.js';
import { type ApiOptions, clientOf, UsageError } from '../../terminal/apiOptions.js';
import { callCounts, callSheet, callsTable } from '../../terminal/callTable.js';
import { dryRunSheet } from '../../terminal/dryRunSheet.js';
import { print } from '../../terminal/print.js';
import { moreHint, type PageOptions, readPages } from '../../terminal/readPages.js';
import { callExitStatus } from './callExitStatus.js';
import { followCall } from './followCall.js';
import { hintNotRinging } from './hintNotRinging.js';
import { callingWindowOf, type WindowOptions } from './windowOptions.js';

interface PlaceOptions extends ApiOptions, WindowOptions {
  from?: string;
  account?: string;
  say?: string;
  twiml?: string;
  url?: string;
  applicationSid?: string;
  ringTimeout?: number;
  maxDuration?: number;
  machineDetection?: string;
  lookup?: string;
  retry?: string;
  urgent?: boolean;
  priority?: number;
  fairnessKey?: string;
  allowParallel?: boolean;
  notBefore?: string;
  giveUpAt?: string;
  notifyUrl?: string;
  eligibilityUrl?: string;
  notifyOn?: string[];
  metadata?: string[];
  twilio?: string[];
  key?: string;
  dryRun: boolean;
  wait: boolean;
}

/** `ringtrue call`. */
export async function placeCall(to: string, options: PlaceOptions): Promise<void> {
  const { calls } = clientOf(options);
  const request = requestOf(to, options);
  if (options.dryRun) {
    const preview = await calls.dryRun(request);
    return print(options, preview, dryRunSheet(preview));
  }
  const { repeated: _repeated, ...started } = await calls.create(request, { idempotencyKey: options.key });
  if (options.wait) {
    const call = await followCall(calls, started.callId, true);
    show(call, options);
    if (call.outcome !== null) process.exitCode = callExitStatus(call.outcome.outcome);
    return;
  }
  print(
    options,
    started,
    `${started.callId}\n  \`ringtrue get ${started.callId} --wait\` shows how it turns out.`,
  );
  await hintNotRinging(calls, started.callId);
}

/** `ringtrue get`. */
export async function showCall(callId: string, options: ApiOptions & { wait: boolean }): Promise<void> {
  const { calls } = clientOf(options);
  show(options.wait ? await followCall(calls, callId, false) : await calls.get(callId), options);
}

interface ListOptions extends ApiOptions, PageOptions {
  outcome?: string;
  state?: string;
  reachability?: string;
  answeredBy?: string;
  to?: string;
  batch?: string;
  since?: string;
  until?: string;
  metadata?: string[];
}

/** `ringtrue list`. */
export async function listCalls(options: ListOptions): Promise<void> {
  const {
    json: _json,
    api: _api,
    token: _token,
    limit: _limit,
    cursor: _cursor,
    all,
    metadata = [],
    ...filter
  } = options;
  // The API checks the words.
  const filters = { ...filter, metadata: metadataOf(metadata) } as CallFilter;
  const { calls } = clientOf(options);
  const page = await readPages('calls', options, 200, (at) => calls.page({ ...filters, ...at }));
  const counts = all ? `\n${callCounts(page.calls)}` : '';
  print(options, page, `${callsTable(page.calls)}${counts}${moreHint(page)}`);
}

/** `ringtrue cancel`. */
export async function cancelCall(callId: string, options: ApiOptions & { reason?: string }): Promise<void> {
  const { reason } = options;
  const answer = await clientOf(options).calls.cancel(callId, { reason });
  print(
    options,
    answer,
    `${callId} is being canceled. If Twilio has the call already, its final status counts.`,
  );
}

/** `ringtrue retry`. */
export async function retryCall(callId: string, options: ApiOptions): Promise<void> {
  const answer = await clientOf(options).calls.retry(callId);
  print(options, answer, `The next attempt of ${callId} begins now.`);
}

/** `ringtrue pause`. */
export async function pauseCall(callId: string, options: ApiOptions & { reason?: string }): Promise<void> {
  const { reason } = options;
  const answer = await clientOf(options).calls.pause(callId, { reason });
  print(
    options,
    answer,
    `${callId} is paused: no attempt begins until \`ringtrue resume ${callId}\`. A call that Twilio has goes on.`,
  );
}

/** `ringtrue resume`. */
export async function resumeCall(callId: string, options: ApiOptions): Promise<void> {
  const answer = await clientOf(options).calls.resume(callId);
  print(options, answer, `${callId} is resumed.`);
}

/** `ringtrue reschedule`. */
export async function rescheduleCall(callId: string, options: ApiOptions & { at: string }): Promise<void> {
  const answer = await clientOf(options).calls.reschedule(callId, { at: options.at });
  const isPast = Date.parse(options.at) <= Date.now();
  print(
    options,
    answer,
    `The next attempt of ${callId} ${isPast ? 'begins now' : `is due at ${options.at}`}.`,
  );
}

/** The body of `POST /calls`. The API checks it. */
function requestOf(to: string, options: PlaceOptions): CallRequest {
  if (options.say !== undefined && options.twiml !== undefined)
    throw new UsageError('--say and --twiml are both given; must be one of them');
  const fields = {
    to,
    from: options.from,
    account: options.account,
    twiml:
      options.say === undefined ? options.twiml : `<Response><Say>${escaped(options.say)}</Say></Response>`,
    url: options.url,
    applicationSid: options.applicationSid,
    ringTimeoutSeconds: options.ringTimeout,
    maxDurationSeconds: options.maxDuration,
    machineDetection: options.machineDetection,
    lookup: options.lookup,
    retry: options.retry && retryOf(options.retry),
    callingWindow: callingWindowOf(options),
    urgent: options.urgent,
    priority: options.priority,
    fairnessKey: options.fairnessKey,
    allowParallel: options.allowParallel,
    notBefore: options.notBefore,
    giveUpAt: options.giveUpAt,
    notifyUrl: options.notifyUrl,
    eligibilityUrl: options.eligibilityUrl,
    notifyOn: options.notifyOn,
    metadata: options.metadata && metadataOf(options.metadata),
    twilio: options.twilio && twilioOf(options.twilio),
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as unknown as CallRequest;
}

/** The name of a policy, or a policy as JSON. */
function retryOf(text: string): string | object {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new UsageError(`--retry is not JSON: ${(error as Error).message}`);
  }
}

function metadataOf(pairs: string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => nameAndText('--metadata', pair)));
}

/** The field `twilio` of `--twilio SendDigits=1234 Record=true`. The API checks names and values. */
function twilioOf(pairs: string[]): Record<string, unknown> {
  const entries = pairs.map((pair) => {
    const [name, text] = nameAndText('--twilio', pair);
    const type = Object.hasOwn(twilioParameters, name) ? twilioParameters[name]?.type : undefined;
    if (type === 'boolean' && /^(true|false)$/.test(text)) return [name, text === 'true'];
    if (type === 'integer' && /^\d{1,9}$/.test(text)) return [name, Number(text)];
    return [name, type === 'array' ? text.split(',') : text];
  });
  return Object.fromEntries(entries);
}

function nameAndText(option: string, pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`${option} ${JSON.stringify(pair)} must be name=value`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function show(call: CallState, options: { json: boolean }): void {
  print(options, call, callSheet(call));
}
