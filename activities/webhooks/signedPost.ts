import { cancellationSignal } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { type PostResponse, postJson } from './postJson.js';

/**
 * Posts JSON to a receiver, signed by the Standard Webhooks scheme with every secret, so that you can rotate
 * secrets. `id` is the `webhook-id`: receivers drop a repeat with the same one.
 *
 * Throws after `timeoutMs` without a response, when the activity is stopped, and as `postJson` does.
 *
 * Source: https://www.standardwebhooks.com
 */
export function signedPost(secrets: readonly string[]) {
  const signers = secrets.map((secret) => new Webhook(secret));
  return (
    url: URL,
    body: string,
    { id, timeoutMs, ...options }: { id: string; timeoutMs: number; allowPrivate: boolean; withBody?: true },
  ): Promise<PostResponse> => {
    const now = new Date();
    return postJson(url, body, {
      ...options,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': signers.map((signer) => signer.sign(id, now, body)).join(' '),
      },
      signal: AbortSignal.any([timeoutSignal(timeoutMs), cancellationSignal()]),
    });
  };
}

/**
 * As `AbortSignal.timeout`, but safe in `AbortSignal.any`: there Node 20 holds a timeout signal so weakly that it
 * is garbage collected, and then never aborts. A timer keeps its controller.
 */
function timeoutSignal(timeoutMs: number): AbortSignal {
  const controller = new AbortController();
  const timeout = () =>
    controller.abort(new DOMException(`No answer within ${timeoutMs} ms`, 'TimeoutError'));
  setTimeout(timeout, timeoutMs).unref();
  return controller.signal;
}

/** Why there is no response, as text. `error` is what `signedPost` threw. */
export function noResponseReason(error: Error, timeoutMs: number): string {
  if (error.name === 'AbortError') {
    const cause = error.cause as Error | undefined;
    return cause?.name === 'TimeoutError'
      ? `no answer within ${timeoutMs / 1000} s`
      : 'the activity was stopped';
  }
  // Several addresses were tried: the error of all of them has no message of its own.
  return error instanceof AggregateError
    ? error.errors.map(({ message }) => message).join('; ')
    : error.message;
}
