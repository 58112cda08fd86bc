import type { TwilioError } from '../../workflows/callOutcome.js';

/** Twilio (or something in between) answered, and the answer was an error: a 4xx or 5xx, or a redirect. */
export class TwilioRestError extends Error {
  override readonly name = 'TwilioRestError';

  constructor(
    readonly error: TwilioError,
    /** `Retry-After`, when the answer carried it. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(
      `Twilio answered ${error.httpStatus}${error.code === null ? '' : ` (${error.code})`}: ${error.message}`,
    );
  }

  /**
   * Reads an error answer; its body may be Twilio's JSON, RFC 9457, HTML or nothing. The code is null unless the body is Twilio's
   * own: gateways answer with JSON too, and with codes of theirs.
   */
  static from(httpStatus: number, body: unknown, headers: Record<string, unknown>): TwilioRestError {
    const json = parse(body);
    const code = twilioCodeIn(json);
    const text = [json.message, json.detail, json.title].find((candidate) => typeof candidate === 'string');
    const message =
      typeof text === 'string' && text !== '' ? text : `HTTP ${httpStatus} without a Twilio error body`;
    return new TwilioRestError({ code, httpStatus, message }, retryAfterSeconds(headers['retry-after']));
  }
}

/**
 * Did the request certainly not reach Twilio? Only if no connection was made. After a timeout, a cut
 * connection or an unreadable answer it may have.
 */
export function surelyNotSent(error: unknown): boolean {
  const { code, syscall, cause } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof code !== 'string') return false;
  // The network may also fail under an open connection, after the request was sent.
  if (noRoute.has(code))
    return (syscall ?? (cause as NodeJS.ErrnoException | undefined)?.syscall) === 'connect';
  return noConnection.has(code) || code.startsWith('CERT_');
}

const noRoute = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN']);

const noConnection = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  // TLS: refused by us before anything of the request was written.
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Twilio's lowest error code is 10001. */
const leastCode = 10_000;

/** Twilio's error code; null if something else wrote this body. */
function twilioCodeIn({ code, message, title, more_info: moreInfo, type }: Record<string, unknown>) {
  if (typeof code !== 'number' || !Number.isInteger(code) || code < leastCode) return null;
  if (typeof message !== 'string' && typeof title !== 'string') return null;
  const link = moreInfo ?? type ?? null;
  const isTwilios =
    typeof link === 'string' && /^(https?:\/\/([a-z0-9-]+\.)*twilio\.com(\/.*)?)?$/i.test(link);
  return link === null || isTwilios ? code : null;
}

function parse(body: unknown): Record<string, unknown> {
  let value = body;
  if (typeof body === 'string') {
    try {
      value = JSON.parse(body);
    } catch {
      return {};
    }
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A longer pause that Twilio or a receiver asks for is cut to this. */
const maxRetryAfterSeconds = 3600;

/**
 * The pause that a `Retry-After` header asks for, in seconds, given as seconds or as a date; null when it
 * says nothing.
 */
export function retryAfterSeconds(header: unknown): number | null {
  if (typeof header !== 'string' || header.trim() === '') return null;
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), maxRetryAfterSeconds);
}
