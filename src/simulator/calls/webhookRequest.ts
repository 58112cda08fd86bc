import { randomUUID } from 'node:crypto';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import twilio from 'twilio';
import { type DeliveryRules, defaultRules, type RetryReason } from './connectionOverrides.js';

/** The result of one try to reach a callback URL. */
export type WebhookAnswer =
  | { kind: 'answered'; status: number; contentType: string | null; body: string }
  | { kind: 'not-connected'; why: 'refused' | 'name' | 'tls' }
  | { kind: 'timed-out' };

export interface WebhookRequest {
  /** As in the create request; may have a fragment. */
  url: string;
  method: 'GET' | 'POST';
  params: Record<string, string>;
  authToken: string;
  rules: DeliveryRules;
  /** `I-Twilio-Idempotency-Token` of the first try. */
  token: string;
  /** True: retries have the same token. False: each has a new one. */
  sharedToken: boolean;
  signal: AbortSignal;
}

/** The pause before the first retry; it doubles with each. Twilio does not document its own. */
const firstPauseMs = 100;

/** At most so much of an answer is kept. */
const keptBodyLength = 1000;

/**
 * Sends one signed callback as Twilio does, with the retries that its rules allow. Returns the result of the
 * last try, and never throws. Times are real, whatever `speed` is, because they concern the receiver and not
 * the call.
 */
export async function sendWebhook(webhook: WebhookRequest): Promise<WebhookAnswer> {
  const deadline = Date.now() + Math.min(webhook.rules.totalMs, defaultRules.totalMs);
  let { token } = webhook;
  let answer = await tryOnce(webhook, token, deadline);
  for (let retry = 1; retry <= webhook.rules.retries; retry++) {
    const reason = retryReasonOf(answer);
    const pauseMs = firstPauseMs * 2 ** (retry - 1);
    if (!reason || !webhook.rules.retryOn.has(reason) || webhook.signal.aborted) break;
    if (Date.now() + pauseMs >= deadline) break;
    await sleep(pauseMs);
    if (!webhook.sharedToken) token = randomUUID();
    answer = await tryOnce(webhook, token, deadline);
  }
  return answer;
}

function retryReasonOf(answer: WebhookAnswer): RetryReason | null {
  if (answer.kind === 'not-connected') return 'ct';
  if (answer.kind === 'timed-out') return 'rt';
  if (answer.status >= 500) return '5xx';
  return answer.status >= 400 ? '4xx' : null;
}

function tryOnce(webhook: WebhookRequest, token: string, deadline: number): Promise<WebhookAnswer> {
  const { url, authorization } = requestedUrl(webhook);
  const body = webhook.method === 'POST' ? new URLSearchParams(webhook.params).toString() : '';
  const signed = webhook.method === 'POST' ? webhook.params : {};
  const options: RequestOptions = {
    method: webhook.method,
    agent: false,
    signal: webhook.signal,
    headers: {
      'User-Agent': 'TwilioProxy/1.1',
      Accept: '*/*',
      'X-Home-Region': 'us1',
      'I-Twilio-Idempotency-Token': token,
      'X-Twilio-Signature': twilio.getExpectedTwilioSignature(webhook.authToken, url, signed),
      ...(authorization && { Authorization: authorization }),
      ...(webhook.method === 'POST' && {
        'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
        'Content-Length': String(Buffer.byteLength(body)),
      }),
    },
  };
  return new Promise((resolve) => {
    let connected = false;
    let timer: NodeJS.Timeout;
    const secure = url.startsWith('https:');
    const request = (secure ? httpsRequest : httpRequest)(url, options);
    const end = (answer: WebhookAnswer) => {
      clearTimeout(timer);
      resolve(answer);
      request.destroy();
    };
    const wait = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(
        () => end(connected ? { kind: 'timed-out' } : { kind: 'not-connected', why: 'refused' }),
        Math.max(0, Math.min(ms, deadline - Date.now())),
      );
    };
    wait(webhook.rules.connectMs);
    request.on('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        connected = true;
        wait(webhook.rules.readMs);
      }),
    );
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (text.length < keptBodyLength) text += chunk.slice(0, keptBodyLength - text.length);
        wait(webhook.rules.readMs);
      });
      response.on('end', () =>
        end({
          kind: 'answered',
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? null,
          body: text,
        }),
      );
      response.on('error', () => end({ kind: 'timed-out' }));
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      end(connected ? { kind: 'timed-out' } : { kind: 'not-connected', why: whyOf(error) }),
    );
    request.end(body);
  });
}

/**
 * The URL that is requested and signed: without fragment and user, and for GET with the parameters in its
 * query.
 */
function requestedUrl(webhook: WebhookRequest): { url: string; authorization: string | null } {
  const url = new URL(webhook.url);
  const { username, password } = url;
  url.hash = '';
  url.username = '';
  url.password = '';
  const authorization = username
    ? `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
    : null;
  if (webhook.method === 'POST') return { url: url.href, authorization };
  const query = new URLSearchParams(webhook.params).toString();
  return { url: url.href + (url.search ? '&' : '?') + query, authorization };
}

function whyOf(error: NodeJS.ErrnoException): 'refused' | 'name' | 'tls' {
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'name';
  return /SSL|TLS|CERT|EPROTO/i.test(`${error.code} ${error.message}`) ? 'tls' : 'refused';
}

/** Without percent-encoding; unchanged if that is malformed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
