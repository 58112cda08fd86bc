import type { CallRequest } from '../../workflows/callRequest.js';
import { type Fault, show } from '../validation/fault.js';
import { isPrivateHost } from './publicAddress.js';

/**
 * Faults of URLs that lead to a private address, to which nothing would ever be posted. Names are not looked up: what they lead
 * to may change.
 */
export function privateUrlFaults(request: Partial<CallRequest>, allowPrivate: boolean): Fault[] {
  if (allowPrivate) return [];
  return (['notifyUrl', 'eligibilityUrl'] as const).flatMap((path) => {
    const url = request[path];
    if (url === undefined || !isPrivateHost(new URL(url))) return [];
    const message = `is ${show(url)}, a private or local address, to which nothing is posted; must be on the public internet (or RINGTRUE_NOTIFY_PRIVATE must be true for API and workers)`;
    return [{ path, message }];
  });
}
