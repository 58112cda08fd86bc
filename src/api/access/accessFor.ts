import type { Access } from '../http/apiDependencies.js';
import { bearerAuth } from '../http/bearerAuth.js';
import { type RateLimits, standardRateLimits } from '../http/rateLimits.js';
import { onlyLocal } from './onlyLocal.js';

/** Who may use what a process serves: clients with one of these tokens. Without tokens, only this machine. */
export function accessFor(tokens: readonly string[], limits: RateLimits = standardRateLimits): Access {
  return tokens.length > 0 ? bearerAuth(tokens, limits) : onlyLocal();
}
