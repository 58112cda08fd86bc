import type { ApiTools } from '../http/apiDependencies.js';
import { storeWithin } from './storeWithin.js';
import { type FormParameters, isSignedByTwilio, type SignedRequest } from './twilioSignature.js';

/** The account whose token signed a callback. `sid`: null for the main account. */
export interface Signer {
  sid: string | null;
}

/**
 * The account that signed this callback, judged by the account that the callback names: only that one's tokens count, so that a
 * forged callback costs no more than ever. Null: it is not signed. `unconfigured`: it names an account whose tokens are not known
 * here any more, or not yet, so nobody can tell.
 */
export function signingAccount(
  tools: Pick<ApiTools, 'accounts' | 'twilioAuthTokens' | 'accountSid'>,
  request: SignedRequest,
  query: string,
): Signer | 'unconfigured' | null {
  const { accounts, accountSid } = tools;
  const named = accountIn(request.parameters) ?? new URLSearchParams(query).get('AccountSid');
  if (named === null || named === accountSid) return signedBy(request, tools.twilioAuthTokens, null);
  const account =
    [...accounts.configured().values()].find(({ twilio }) => twilio.accountSid === named) ??
    accounts.removed().get(named);
  if (account !== undefined) return signedBy(request, account.authTokens, named);
  return accounts.remembered().has(named) ? 'unconfigured' : signedBy(request, tools.twilioAuthTokens, null);
}

function signedBy(request: SignedRequest, tokens: readonly string[], sid: string | null): Signer | null {
  return isSignedByTwilio(request, tokens) ? { sid } : null;
}

function accountIn({ AccountSid: value }: FormParameters): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** A call has four callbacks. The oldest attempts are dropped. */
const maxRemembered = 10_000;

/**
 * Returns a function that says whether an attempt is the signer's own, by the placement journal. `unknown`: the journal cannot be
 * read, or has no placement of the attempt yet; then the workflow must look.
 */
export function attemptOwner(
  tools: Pick<ApiTools, 'accounts' | 'accountSid' | 'store'>,
): (attempt: { callId: string; attempt: number }, signer: Signer) => Promise<'own' | 'other' | 'unknown'> {
  const owners = new Map<string, string>();
  return async (attempt, signer) => {
    const { configured, removed, remembered } = tools.accounts;
    const isOnlyAccount = configured().size + removed().size + remembered().size === 0;
    if (isOnlyAccount) return 'own';
    const key = `${attempt.attempt}/${attempt.callId}`;
    const owner =
      owners.get(key) ?? (await storeWithin(tools.store.accountOfAttempt(attempt)).catch(() => null));
    if (owner === null) return 'unknown';
    owners.set(key, owner);
    if (owners.size > maxRemembered) owners.delete(owners.keys().next().value as string);
    return owner === (signer.sid ?? tools.accountSid) ? 'own' : 'other';
  };
}
