import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Notification } from '../workflows/callActivities.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { jitteredDelay } from './webhooks/jitteredDelay.js';
import { NotPublic } from './webhooks/publicAddress.js';
import { noResponseReason, signedPost } from './webhooks/signedPost.js';
import { webhookId } from './webhooks/webhookId.js';

/** Shorter than any time-out of the activity. */
const defaultTimeoutMs = 10_000;

/**
 * Posts `{ type, timestamp, data }` to the client's `notifyUrl`, signed by the Standard Webhooks scheme with
 * every configured secret. `data` is the outcome, or the attempt together with its call id. Every repeat has
 * the same `webhook-id`, so that receivers can drop it.
 *
 * Returns once the receiver answers 2xx. Throws, and Temporal does not retry: `NotifyRefused` when the URL
 * must not be posted to, `NotifyGone` when the receiver answered 410. Throws `NotifyFailed` for everything
 * else, and Temporal retries: after `Retry-After`, or after the delay of the retry policy with jitter, so
 * that a receiver that comes back does not get everything at once.
 *
 * Source: https://www.standardwebhooks.com
 */
export function notifyOutcome({ settings, emit }: ActivityDeps, { timeoutMs = defaultTimeoutMs } = {}) {
  const { secrets, allowPrivate } = settings.notify;
  const send = signedPost(secrets);

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

    const body = JSON.stringify({
      type: notification.type,
      timestamp: notification.payload.endedAt ?? new Date().toISOString(),
      data: dataOf(notification),
    });
    const response = await send(url, body, {
      id: webhookId(notification),
      timeoutMs,
      allowPrivate,
    }).catch((error: Error) => {
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
  const { attempt, retryPolicy } = activityInfo();
  const nextRetryDelay = afterSeconds ? afterSeconds * 1000 : jitteredDelay(attempt, retryPolicy);
  return ApplicationFailure.create({
    type: 'NotifyFailed',
    message,
    // In the details as well: workflows cannot see the delay.
    ...(nextRetryDelay === null ? {} : { nextRetryDelay, details: [{ pauseMs: nextRetryDelay }] }),
  });
}

function refused(message: string) {
  return nonRetryable('NotifyRefused', message);
}

const resultByType: Record<string, 'failed' | 'refused' | 'gone'> = {
  NotifyRefused: 'refused',
  NotifyGone: 'gone',
};

function resultOf(error: unknown): 'failed' | 'refused' | 'gone' {
  return (error instanceof ApplicationFailure && resultByType[error.type ?? '']) || 'failed';
}

function nonRetryable(type: 'NotifyRefused' | 'NotifyGone', message: string) {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
