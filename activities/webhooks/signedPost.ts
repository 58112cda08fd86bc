import { cancellationSignal } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { type PostResponse, postJson } from './postJson.js';

/**
 * Posts JSON to somebody else's server, signed by the Standard Webhooks scheme with every secret, so that secrets can be
 * rotated. `id` is the `webhook-id`: receivers drop what comes again under the same one.
 *
 * Ends without an answer after `timeoutMs`, and when the activity is stopped. Throws as `postJson` does.
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
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), cancellationSignal()]),
    });
  };
}

/** Why there is no answer, in words. `error` is what `signedPost` threw. */
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
