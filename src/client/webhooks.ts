import { Webhook } from 'standardwebhooks';
import type { Attempt, CallOutcome } from './apiTypes.js';

/** The body of a notification. A later version of ringtrue may send further types: answer them 2xx. */
export type Notification = CallEnded | AttemptEnded;

/** The call is over. */
export interface CallEnded {
  type: 'call.ended';
  /** When it ended. */
  timestamp: string;
  data: CallOutcome;
}

/** An attempt is over, and it is decided whether another one follows. */
export interface AttemptEnded {
  type: 'attempt.ended';
  timestamp: string;
  data: Attempt & {
    callId: string;
    metadata: Record<string, string>;
    /** True: the call ended with it. */
    isLast: boolean;
    /** Attempts so far. */
    count: number;
    /** The next attempt does not begin earlier. Null after the last one. */
    nextAttemptAt: string | null;
    /** A higher one replaces an earlier notification about the same attempt. */
    revision: number;
  };
}

/** Headers as `fetch` has them, or as Node has them. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A secret, `whsec_…`, or several while they are rotated. */
export type WebhookSecret = string | readonly string[];

/** The three headers that sign a notification. */
export type SignedHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

/** The notification is not signed with the secret, or it is too old. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/** Signs and verifies notifications. Source: https://www.standardwebhooks.com */
export const webhooks = {
  /**
   * Returns the notification if it is signed with one of the secrets and at most five minutes old. Throws
   * `WebhookVerificationError` otherwise: answer 401. `rawBody` is the body as it came, before anything parsed it.
   */
  verify(secret: WebhookSecret, headers: WebhookHeaders, rawBody: string | Uint8Array): Notification {
    const text = typeof rawBody === 'string' ? rawBody : new TextDecoder().decode(rawBody);
    const [last, ...others] = signersOf(secret).reverse() as [Webhook, ...Webhook[]];
    const plain = plainHeaders(headers);
    for (const signer of others) {
      try {
        return signer.verify(text, plain) as Notification;
      } catch {
        // One of the other secrets may have signed it.
      }
    }
    try {
      return last.verify(text, plain) as Notification;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new WebhookVerificationError(`The notification cannot be trusted: ${why}`, { cause: error });
    }
  },

  /** The headers with which ringtrue would send this body. For tests of your receiver. */
  sign(
    secret: WebhookSecret,
    rawBody: string,
    { id = `msg_${crypto.randomUUID().replaceAll('-', '')}`, timestamp = new Date() } = {},
  ): SignedHeaders {
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(timestamp.getTime() / 1000)),
      'webhook-signature': signersOf(secret)
        .map((signer) => signer.sign(id, timestamp, rawBody))
        .join(' '),
    };
  },
} as const;

function signersOf(secret: WebhookSecret): Webhook[] {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (secrets.length === 0) throw new TypeError('There is no secret; must be at least one, whsec_…');
  return secrets.map((one) => new Webhook(one));
}

function plainHeaders(headers: WebhookHeaders): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), String(value)]])),
  );
}
