import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { errorBody, problemBody, type TwilioRefusal } from '../twilioErrors.js';

/** Handlers of the simulator can reach Node's own request and response. */
export type SimulatorEnv = { Bindings: HttpBindings };

/** Cuts the connection without an answer: the client sees a reset. */
export function cut(c: Context<SimulatorEnv>): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Never answers. Ends when the client gives up or the simulator closes. */
export async function hang(c: Context<SimulatorEnv>): Promise<Response> {
  const { socket } = c.env.incoming;
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return RESPONSE_ALREADY_SENT;
}

/** An error page of a proxy in front of Twilio. */
export function htmlError(c: Context<SimulatorEnv>, httpStatus: number): Response {
  return c.html(
    `<html><head><title>${httpStatus}</title></head><body>Bad gateway</body></html>`,
    httpStatus as 502,
  );
}

/** Twilio's error answer, in its classic form or in that of RFC 9457. */
export function refused(c: Context<SimulatorEnv>, refusal: TwilioRefusal, form?: 'rfc9457'): Response {
  if (refusal.httpStatus === 401) c.header('WWW-Authenticate', 'Basic realm="Twilio API"');
  if (refusal.retryAfterSeconds !== undefined) c.header('Retry-After', String(refusal.retryAfterSeconds));
  if (form === undefined) return c.json(errorBody(refusal), refusal.httpStatus as 400);
  c.header('Content-Type', 'application/problem+json');
  return c.body(JSON.stringify(problemBody(refusal)), refusal.httpStatus as 400);
}
