import type { CallAccount, CallPlan } from '../callRequest.js';

/** The account of a call, to be spread into the input of an activity: nothing if it is the main account. */
export function accountOf({ account }: CallPlan): { account?: CallAccount } {
  return account === undefined ? {} : { account };
}
