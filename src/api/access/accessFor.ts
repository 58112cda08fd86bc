import type { ApiToken } from '../../config/apiTokens.js';
import type { Access } from '../http/apiDependencies.js';
import { type RateLimits, standardRateLimits } from '../http/rateLimits.js';
import { bearerAuth } from './bearerAuth.js';
import { onlyLocal } from './onlyLocal.js';

/**
 * Who may use what a process serves: clients with one of these tokens. Without tokens, only this machine, and no web
 * pages except those of these origins.
 */
export function accessFor(
  tokens: readonly ApiToken[],
  limits: RateLimits = standardRateLimits,
  origins: readonly string[] = [],
): Access {
  return tokens.length > 0 ? bearerAuth(tokens, limits) : onlyLocal(origins);
}
