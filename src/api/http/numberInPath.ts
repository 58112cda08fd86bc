import { show } from '../../../activities/validation/fault.js';
import type { ApiContext } from './apiDependencies.js';
import { invalidRequest, problem } from './problem.js';
import { isNumber } from './queryParameters.js';
import { pathSegment } from './requestTarget.js';

/** The phone number in the path, its + as it is or as %2B; or the answer that refuses what is none. */
export function numberIn(c: ApiContext, index: number): { number: string } | { refusal: Response } {
  const number = pathSegment(c, index);
  if (number !== null && isNumber.holds(number)) return { number };
  const message = `is ${show(number ?? '')}; must be ${isNumber.right}`;
  return { refusal: invalidRequest(c, [{ path: 'number', message }]) };
}

export function notListed(c: ApiContext, detail: string): Response {
  return problem(c, 'not-listed', detail);
}
