import { log } from '@temporalio/activity';
import type { PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import type { TwilioError } from '../../workflows/callOutcome.js';
import type { ActivityDeps } from '../deps/activityDeps.js';
import type { PlacementResult } from '../store/placements/placementJournal.js';

type SettleDeps = Pick<ActivityDeps, 'settings' | 'store' | 'emit'>;

/** What became of a placement. */
interface Settlement {
  /** Null: unclear, so the claim stays open. */
  result: PlacementResult | null;
  callSid?: string;
  detail?: TwilioError;
  /** Did Twilio or the account fail? Left out, the settlement says nothing about either. */
  providerFailed?: boolean;
  /** Twilio refused the account: every other call would be refused too. */
  accountTrouble?: boolean;
  /** A code with which Twilio refuses every call of the account alike. */
  accountFaultCode?: number | null;
  /** That code speaks of the country of the number, whose numbers begin with this. */
  accountFaultPrefix?: string | null;
  why?: string;
}

/**
 * Writes what became of a placement to the journal. The workflow gets the result anyway. The journal has it for
 * later executions of the same placement, and for the limits and the circuit breaker. `recorded`: false when the
 * store is away. `isSameFault`: the circuit breaker is open because Twilio refuses every call with this code.
 */
export async function settlePlacement(
  { settings, store, emit }: SettleDeps,
  { callId, attempt, placement }: PlaceCallInput,
  { result, callSid, detail, why, ...about }: Settlement,
): Promise<{ recorded: boolean; isSameFault: boolean }> {
  const answer =
    about.providerFailed === undefined
      ? {}
      : {
          answer: {
            providerFailed: about.providerFailed,
            accountTrouble: about.accountTrouble ?? false,
            accountFaultCode: about.accountFaultCode ?? null,
            accountFaultPrefix: about.accountFaultPrefix ?? null,
            why: why ?? null,
            breaker: settings.breaker,
          },
        };
  try {
    const { breakerChange, isSameFault } = await store.settlePlacement({
      callId,
      attempt,
      placement,
      result,
      callSid: callSid ?? null,
      detail,
      ...answer,
    });
    if (breakerChange !== null) emit({ kind: 'breaker', ...breakerChange });
    return { recorded: true, isSameFault };
  } catch (error) {
    log.warn('The placement journal could not be written; the outcome closes the claim later', { error });
    return { recorded: false, isSameFault: false };
  }
}

/** There is no call. The claim stays open until the search closes it, once the store is back. */
export const notRecorded: PlaceCallResult = {
  kind: 'unclear',
  why: 'there is no call, but the placement journal could not be written',
  answered: true,
};

/**
 * Settles a placement that certainly did not reach Twilio, or was not processed. Without its entry in the
 * journal it counts as unclear: an open claim would block every later placement between these numbers.
 */
export async function certainlyNotSent(
  deps: SettleDeps,
  input: PlaceCallInput,
  result: { why: string; retryAfterSeconds: number | null },
  answer: Pick<Settlement, 'providerFailed' | 'why'> = {},
): Promise<PlaceCallResult> {
  const { recorded } = await settlePlacement(deps, input, { result: 'not-sent', ...answer });
  return recorded ? { kind: 'not-sent', ...result } : notRecorded;
}

/**
 * Leaves the claim open: until the call is found or certainly does not exist, nothing else is dialed between
 * these numbers.
 */
export async function unclear(
  deps: SettleDeps,
  input: PlaceCallInput,
  why: string,
  answered: boolean,
): Promise<PlaceCallResult> {
  await settlePlacement(deps, input, { result: null, providerFailed: true, why });
  return { kind: 'unclear', why, answered };
}
