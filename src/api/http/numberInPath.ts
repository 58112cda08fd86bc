import { show } from '../../../activities/validation/fault.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import type { ApiContext } from './apiDependencies.js';
import { invalidRequest } from './problem.js';
import { isNumber } from './queryParameters.js';
import { pathSegment } from './requestTarget.js';
import type { Parameter } from './route.js';

/** `{number}` in the paths of `/do-not-call` and `/invalid-numbers`. */
export const numberInPath: Parameter = {
  name: 'number',
  in: 'path',
  required: true,
  description: 'The phone number, E.164. Write its + as it is or as %2B.',
  schema: { type: 'string', pattern: e164.source },
  example: '+15005550006',
};

/** The phone number in the path, or the answer that refuses text that is no number. */
export function readNumberInPath(c: ApiContext): { number: string } | { refusal: Response } {
  const number = pathSegment(c, 2);
  if (number !== null && isNumber.holds(number)) return { number: isNumber.read(number) };
  const message = `is ${show(number ?? '')}; must be ${isNumber.right}`;
  return { refusal: invalidRequest(c, [{ path: 'number', message }]) };
}
