import { Hono } from 'hono';
import type { CallEngine } from '../calls/callEngine.js';
import { refusalOf } from '../twilioErrors.js';
import { cut, hang, htmlError, refused, type SimulatorEnv } from './brokenAnswers.js';
import { lookupResource } from './lookupResource.js';

/** Lookup v2: `GET /v2/PhoneNumbers/{number}`. */
export function lookupApi(engine: CallEngine): Hono<SimulatorEnv> {
  const { book } = engine;
  const api = new Hono<SimulatorEnv>();

  api.get('/v2/PhoneNumbers/:number', (c) => {
    const number = c.req.param('number');
    const { lookup } = engine.behaviorOf(number);
    const { trouble } = lookup;
    switch (trouble.kind) {
      case 'hang':
        return hang(c);
      case 'cut':
        return cut(c);
      case 'html':
        return htmlError(c, trouble.httpStatus);
      case 'error': {
        if (!book.isAmongFirst(trouble.times, 'lookup', number)) break;
        const { code, httpStatus, retryAfterSeconds } = trouble;
        return refused(c, {
          ...refusalOf(code, { httpStatus }),
          ...(retryAfterSeconds && { retryAfterSeconds }),
        });
      }
    }
    const answer = lookupResource(number, c.req.query('Fields') ?? null, lookup);
    return 'refusal' in answer ? refused(c, answer.refusal) : c.json(answer.body);
  });

  return api;
}
