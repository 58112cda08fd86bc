import { refusalOf, type TwilioRefusal } from '../twilioErrors.js';

export const callbackEvents = ['initiated', 'ringing', 'answered', 'completed'] as const;
export type CallbackEvent = (typeof callbackEvents)[number];

/** A create request that Twilio accepts. */
export interface CreateRequest {
  to: string;
  from: string;
  /** Ring time. */
  timeoutSeconds: number;
  timeLimitSeconds: number;
  machineDetection: 'Enable' | 'DetectMessageEnd' | null;
  /** Null: no callbacks. */
  statusCallback: { url: string; method: 'GET' | 'POST' } | null;
  events: ReadonlySet<CallbackEvent>;
  record: boolean;
  /** Codes of the warnings that the call's Notifications show. */
  warnings: number[];
  /** The form as received. */
  params: Record<string, string>;
}

/** Every parameter of the create. Source: Twilio's OpenAPI description, and the types of its SDK. */
const knownParameters = new Set(
  `To From Url Method FallbackUrl FallbackMethod Twiml ApplicationSid StatusCallback StatusCallbackEvent
   StatusCallbackMethod SendDigits Timeout TimeLimit Record RecordingChannels RecordingTrack
   RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent SipAuthUsername
   SipAuthPassword MachineDetection MachineDetectionTimeout MachineDetectionSpeechThreshold
   MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout AsyncAmd AsyncAmdStatusCallback
   AsyncAmdStatusCallbackMethod Trim CallerId CallReason CallToken Byoc ClientNotificationUrl Passports
   RecordingConfigurationId`.split(/\s+/),
);

/** Source: Twilio's default of `TimeLimit`. */
const defaultTimeLimitSeconds = 4 * 3600;

const phone = /^\+[1-9]\d{6,14}$/;
const otherParty = /^(sip:\S+|client:\S+|sim:\S+)$/i;

/** Reads the form of a create. The refusal has Twilio's code of the first fault. */
export function readCreateRequest(
  form: URLSearchParams,
): { request: CreateRequest } | { refusal: TwilioRefusal } {
  const code = faultOf(form);
  if (code !== null) return { refusal: refusalOf(code) };
  const byApplication = form.has('ApplicationSid');
  const url = form.get('StatusCallback');
  const eventNames = form.getAll('StatusCallbackEvent');
  // Reported from live use: Twilio accepts events joined into one string, and then never sends a callback.
  const joined = eventNames.some((one) => /[\s,]/.test(one.trim()));
  const events = eventNames.length === 0 ? ['completed'] : eventNames;
  const warnings: number[] = [];
  if (joined && !byApplication) warnings.push(21626);
  if (form.has('Url') && form.has('Twiml')) warnings.push(32019);
  if ([...form.keys()].some((name) => !knownParameters.has(name))) warnings.push(20001);
  return {
    request: {
      to: form.get('To') ?? '',
      from: form.get('From') ?? '',
      timeoutSeconds: Number(form.get('Timeout') ?? 60),
      timeLimitSeconds: Number(form.get('TimeLimit') ?? defaultTimeLimitSeconds),
      machineDetection: form.has('SendDigits')
        ? null
        : ((form.get('MachineDetection') as CreateRequest['machineDetection']) ?? null),
      statusCallback:
        url && !byApplication ? { url, method: methodOf(form.get('StatusCallbackMethod')) } : null,
      events: new Set(joined ? [] : (events as CallbackEvent[])),
      record: form.get('Record') === 'true',
      warnings,
      params: Object.fromEntries(
        [...new Set(form.keys())].map((name) => [name, form.getAll(name).join(' ')]),
      ),
    },
  };
}

/** Twilio's error code for a status callback URL; null if Twilio accepts it. */
export function statusCallbackFault(url: string): number | null {
  const host = hostOf(url);
  return host === null || host.includes('_') ? 21609 : null;
}

/** `GET` if requested, else `POST`. */
export function methodOf(method: string | null): 'GET' | 'POST' {
  return method?.toUpperCase() === 'GET' ? 'GET' : 'POST';
}

export function isMethod(method: string): boolean {
  return /^(GET|POST)$/i.test(method);
}

/** Twilio's error code for a `TimeLimit`; null if Twilio accepts it. */
export function timeLimitFault(seconds: string): number | null {
  return wholeNumberIn(seconds, 1, 86_400) ? null : 20422;
}

function faultOf(form: URLSearchParams): number | null {
  const bad = (name: string, fine: (value: string) => boolean) => {
    const value = form.get(name);
    return value !== null && !fine(value);
  };
  const to = form.get('To');
  const from = form.get('From');
  if (!to) return 21201;
  if (!from) return 21213;
  if (!phone.test(to) && !otherParty.test(to)) return 21211;
  if (to === from) return 21211;
  if (phone.test(to) ? !phone.test(from) : !phone.test(from) && !/^[\w.:@-]+$/.test(from)) return 21212;
  if (!form.get('Url') && !form.get('Twiml') && !form.get('ApplicationSid')) return 21205;
  if (bad('Url', (url) => hostOf(url) !== null)) return 21205;
  if (bad('ApplicationSid', (sid) => /^AP[0-9a-fA-F]{32}$/.test(sid))) return 21218;
  if ((form.get('Twiml')?.length ?? 0) > 4000) return 32018;
  if (['Method', 'FallbackMethod', 'StatusCallbackMethod'].some((name) => bad(name, isMethod))) return 21209;
  if (bad('Timeout', (seconds) => wholeNumberIn(seconds, 0, 600))) return 21208;
  if (bad('TimeLimit', (seconds) => timeLimitFault(seconds) === null)) return 20422;
  if (bad('SendDigits', (digits) => /^[0-9A-D#*wW]{0,32}$/.test(digits))) return 21206;
  if (!form.has('ApplicationSid')) {
    if (bad('StatusCallback', (url) => statusCallbackFault(url) === null)) return 21609;
    const words = form.getAll('StatusCallbackEvent').filter((one) => !/[\s,]/.test(one.trim()));
    if (words.some((word) => !(callbackEvents as readonly string[]).includes(word))) return 21626;
  }
  if (bad('MachineDetection', (mode) => mode === 'Enable' || mode === 'DetectMessageEnd')) return 21234;
  if (bad('MachineDetectionTimeout', (seconds) => wholeNumberIn(seconds, 3, 59))) return 21234;
  if (bad('MachineDetectionSpeechThreshold', (ms) => wholeNumberIn(ms, 1000, 6000))) return 21234;
  if (bad('MachineDetectionSpeechEndThreshold', (ms) => wholeNumberIn(ms, 500, 5000))) return 21234;
  if (bad('MachineDetectionSilenceTimeout', (ms) => wholeNumberIn(ms, 2000, 10_000))) return 21234;
  if (bad('AsyncAmd', (flag) => flag === 'true' || flag === 'false')) return 21234;
  if (bad('Byoc', (sid) => /^BY[0-9a-fA-F]{32}$/.test(sid))) return 21300;
  return null;
}

/**
 * The host of an absolute http(s) URL; null if it is none. Local hosts are accepted, because development is
 * local.
 */
function hostOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? hostname : null;
}

function wholeNumberIn(text: string, min: number, max: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
}
