import { Ringtrue } from '../client/ringtrue.js';

/** Options of every command that uses the API. */
export interface ApiOptions {
  api?: string;
  token?: string;
  json: boolean;
}

/** A value on the command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The client with which a command reaches the API. A person waits, so one repeat is enough. Throws `UsageError` if an
 * option is wrong.
 */
export function clientOf(
  { api, token }: Pick<ApiOptions, 'api' | 'token'>,
  { maxRetries = 1 }: { maxRetries?: number } = {},
): Ringtrue {
  const baseUrl = addressOf(api);
  // As `docker run --env-file` and systemd hand them on.
  if (token && /^(["']).*\1$/.test(token))
    throw new UsageError(
      'The token has quotes around it; --token or RINGTRUE_API_TOKEN must be without them',
    );
  return new Ringtrue({ baseUrl, ...(token ? { token } : {}), maxRetries });
}

/** The address of the API, without a slash at its end. Throws `UsageError` if it is none. */
export function addressOf(api: string | undefined): string {
  const baseUrl = api ?? `http://localhost:${process.env.PORT || 3000}`;
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl))
    throw new UsageError(
      `The API's address is ${JSON.stringify(baseUrl)}; --api or RINGTRUE_API_URL must be an http(s) URL such as http://localhost:3000`,
    );
  return baseUrl.replace(/\/+$/, '');
}
