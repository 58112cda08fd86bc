import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Notification } from '../workflows/callActivities.js';
import type { ActivityDeps, NotificationResult } from './deps/activityDeps.js';
import { HostFull, hostPlaces } from './webhooks/hostPlaces.js';
import { jitteredDelay } from './webhooks/jitteredDelay.js';
import { NotPublic } from './webhooks/publicAddress.js';
import { isSilence, noResponseReason, signedPost } from './webhooks/signedPost.js';
import { webhookId } from './webhooks/webhookId.js';

/** Shorter than any time-out of the activity. */
const defaultTimeoutMs = 10_000;
/** The first try is shorter: a receiver that hangs is then known sooner. */
const firstTimeoutMs = 5_000;
/** Posts to one host that may be under way at once, per worker. A host that gave no answer in time gets fewer. */
const hostBounds = { places: 50, placesWhileSilent: 10 };
/** While its host is full, a notification is tried again after at most so long. */
const maxPostponeMs = 300_000;

/**
 * Posts `{ type, timestamp, data }` to the client's `notifyUrl`, signed by the Standard Webhooks scheme with
 * every configured secret. `data` is the outcome, or the attempt together with its call id. Every repeat has
 * the same `webhook-id`, so that receivers can drop it.
 *
 * A host to which as many posts are under way as may be gets none: the notification is postponed, and holds
 * no slot of the worker meanwhile.
 *
 * Returns once the receiver answers 2xx. Throws, and Temporal does not retry: `NotifyRefused` when the URL
 * must not be posted to, `NotifyGone` when the receiver answered 410. Throws `NotifyFailed` for everything
 * else, and Temporal retries: after `Retry-After`, or after the delay of the retry policy with jitter, so
 * that a receiver that comes back does not get everything at once. Throws `NotifyPostponed`, and Temporal
 * retries, when the host is full.
 *
 * Source: https://www.standardwebhooks.com
 */
export function notifyOutcome({ settings, emit }: ActivityDeps, fixed: { timeoutMs?: number } = {}) {
  const { secrets, allowPrivate } = settings.notify;
  const send = signedPost(secrets);
  const hosts = hostPlaces(hostBounds, isSilence);

  return async (notification: Notification): Promise<void> => {
    try {
      await post(notification);
      emit({ kind: 'notified', type: notification.type, result: 'delivered' });
    } catch (error) {
      emit({ kind: 'notified', type: notification.type, result: resultOf(error) });
      throw error;
    }
  };

  async function post(notification: Notification): Promise<void> {
    const description = `${notification.type} of call ${notification.callId}`;
    const url = destination(notification.url, description);

    const timeoutMs = fixed.timeoutMs ?? (activityInfo().attempt === 1 ? firstTimeoutMs : defaultTimeoutMs);
    const body = JSON.stringify({
      type: notification.type,
      timestamp: notification.payload.endedAt ?? new Date().toISOString(),
      data: dataOf(notification),
    });
    const request = { id: webhookId(notification), timeoutMs, allowPrivate };
    const response = await hosts
      .run(url.host, () => send(url, body, request))
      .catch((error: Error) => {
        if (error instanceof HostFull) throw postponed(`${description} is not posted yet: ${error.message}`);
        if (error instanceof NotPublic)
          throw refused(
            `${description} is not posted: ${error.message}. Give a notifyUrl on the public internet.`,
          );
        throw retryable(
          `${description} could not be posted to ${url.host}: ${noResponseReason(error, timeoutMs)}`,
        );
      });

    if (response.status >= 200 && response.status < 300) return;
    if (response.status === 410)
      throw nonRetryable(
        'NotifyGone',
        `${url.host} answered 410 to ${description}: it accepts no more notifications`,
      );
    const isRedirect = response.status >= 300 && response.status < 400;
    throw retryable(
      `${url.host} answered ${response.status} to ${description}${isRedirect ? ', a redirect, which is not followed' : ''}`,
      response.retryAfterSeconds,
    );
  }
}

/**
 * Messages name the host alone: path and query of a notify URL are often what keeps strangers from posting
 * there.
 */
function destination(notifyUrl: string, description: string): URL {
  const url = URL.canParse(notifyUrl) ? new URL(notifyUrl) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refused(`${description} is not posted: its notifyUrl is no absolute http(s) URL`);
  if (url.username !== '' || url.password !== '')
    throw refused(
      `${description} is not posted to ${url.host}: its notifyUrl carries a user name or password. Leave them out, and check the signature instead.`,
    );
  return url;
}

function dataOf({ type, callId, payload }: Notification): unknown {
  return type === 'attempt.ended' ? { callId, ...payload } : payload;
}

function retryable(message: string, afterSeconds?: number | null) {
  const pauseMs = afterSeconds ? afterSeconds * 1000 : pauseByPolicy();
  return ApplicationFailure.create({ type: 'NotifyFailed', message, ...retryAfter(pauseMs) });
}

/** Nothing was sent, so this is no failure. */
function postponed(message: string) {
  const pauseMs = pauseByPolicy();
  return ApplicationFailure.create({
    type: 'NotifyPostponed',
    message,
    category: ApplicationFailureCategory.BENIGN,
    ...retryAfter(pauseMs === null ? null : Math.min(pauseMs, maxPostponeMs)),
  });
}

function pauseByPolicy(): number | null {
  const { attempt, retryPolicy } = activityInfo();
  return jitteredDelay(attempt, retryPolicy);
}

/** The pause is in the details as well: workflows cannot see the delay. */
function retryAfter(pauseMs: number | null) {
  return pauseMs === null ? {} : { nextRetryDelay: pauseMs, details: [{ pauseMs }] };
}

function refused(message: string) {
  return nonRetryable('NotifyRefused', message);
}

type NotAccepted = Exclude<NotificationResult, 'delivered'>;

const resultByType: Record<string, NotAccepted> = {
  NotifyPostponed: 'postponed',
  NotifyRefused: 'refused',
  NotifyGone: 'gone',
};

function resultOf(error: unknown): NotAccepted {
  return (error instanceof ApplicationFailure && resultByType[error.type ?? '']) || 'failed';
}

function nonRetryable(type: 'NotifyRefused' | 'NotifyGone', message: string) {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
