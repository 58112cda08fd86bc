import { bounded, isObject } from '../../activities/fault.js';
import type { ApiContext, ApiTools } from './apiDependencies.js';
import { checkLimits, type DiallingAnswer } from './diallingSchema.js';
import { readJson } from './jsonBody.js';
import { invalidRequest } from './problem.js';
import { longestReason, reasonRight } from './suppressionSchema.js';

/** `GET /dialling`: limits, pause, breaker, and what is under way. */
export function readDialling(tools: ApiTools) {
  return (c: ApiContext): Promise<Response> => show(tools, c);
}

/** `PATCH /dialling/limits`: holds from the next dial on. */
export function setLimits(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const checked = checkLimits(json.body);
    if ('faults' in checked) return invalidRequest(c, checked.faults);
    const { accountSid, store, log } = tools;
    await store.setDialLimits({ accountSid, limits: checked.limits });
    log.warn({ limits: checked.limits, by: c.get('client') }, 'limits of dialling were set');
    return show(tools, c);
  };
}

/** `POST /dialling/pause`: nothing more is dialled; calls under way go on. */
export function pauseDialling(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const input = await pauseInput(c);
    if ('refusal' in input) return input.refusal;
    const { accountSid, store, log } = tools;
    await store.pauseDialling({ accountSid, reason: input.reason });
    log.warn({ by: c.get('client') }, 'dialling was paused');
    return show(tools, c);
  };
}

/** `POST /dialling/resume`: ends a pause, and closes an open breaker. */
export function resumeDialling(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const { accountSid, store, log } = tools;
    await store.resumeDialling({ accountSid });
    log.warn({ by: c.get('client') }, 'dialling was resumed');
    return show(tools, c);
  };
}

async function show({ accountSid, store }: ApiTools, c: ApiContext): Promise<Response> {
  const answer: DiallingAnswer = { accountSid, ...(await store.readDialling({ accountSid })) };
  return c.json(answer);
}

async function pauseInput(c: ApiContext): Promise<{ reason: string | null } | { refusal: Response }> {
  if ((await c.req.arrayBuffer()).byteLength === 0) return { reason: null };
  const json = await readJson(c);
  if ('refusal' in json) return json;
  const { body } = json;
  if (!isObject(body)) {
    const message = 'must be a JSON object with an optional reason, or no body at all';
    return { refusal: invalidRequest(c, [{ path: '', message }]) };
  }
  const { reason = null, ...others } = body;
  const isReason = reason === null || (typeof reason === 'string' && reason.length <= longestReason);
  const faults = [
    ...(isReason ? [] : [{ path: 'reason', message: `must be ${reasonRight}` }]),
    ...Object.keys(others).map((path) => ({ path, message: 'is unknown; must be reason' })),
  ];
  if (faults.length > 0) return { refusal: invalidRequest(c, bounded(faults)) };
  return { reason: reason as string | null };
}
