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
      signal: endsAfter(timeoutMs, cancellationSignal()),
    });
  };
}

/**
 * A signal that aborts after `timeoutMs`, or when the activity is stopped. Not `AbortSignal.any` of a timeout:
 * Node 20 may collect the timeout as garbage, and the request then lasts forever.
 * Source: https://github.com/nodejs/node/pull/57867
 */
function endsAfter(timeoutMs: number, stopped: AbortSignal): AbortSignal {
  const end = new AbortController();
  const stop = () => end.abort(stopped.reason);
  const late = () => end.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  // Not cleared after the response: its body must end in time as well.
  setTimeout(late, timeoutMs).unref();
  if (stopped.aborted) stop();
  else stopped.addEventListener('abort', stop, { signal: end.signal });
  return end.signal;
}

/** Did the receiver give no response in time? `error` is what `signedPost` threw. */
export function isSilence(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as Error;
  return name === 'AbortError' && (cause as Error | undefined)?.name === 'TimeoutError';
}

/** Why there is no response, as text. `error` is what `signedPost` threw. */
export function noResponseReason(error: Error, timeoutMs: number): string {
  if (isSilence(error)) return `no answer within ${timeoutMs / 1000} s`;
  if (error.name === 'AbortError') return 'the activity was stopped';
  // Several addresses were tried: the error of all of them has no message of its own.
  return error instanceof AggregateError
    ? error.errors.map(({ message }) => message).join('; ')
    : error.message;
}
