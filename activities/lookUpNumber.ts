import { setTimeout as sleep } from 'node:timers/promises';
import type { PhoneNumberInstance } from 'twilio/lib/rest/lookups/v2/phoneNumber.js';
import type { LookupEvidence } from '../workflows/callOutcome.js';
import type { CallAccount, LookupMode } from '../workflows/callRequest.js';
import { e164 } from '../workflows/rules/phoneNumber.js';
import { noLookup } from '../workflows/rules/verdict.js';
import { type AccountSettings, placingAccount } from './accounts/account.js';
import { notConfigured } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import type { TwilioClient } from './twilio/twilioClient.js';
import { TwilioRestError } from './twilio/twilioRestError.js';

/** What to ask for besides the free check of the format. */
const lookupFields: Record<LookupMode, string | undefined> = {
  off: undefined,
  basic: undefined,
  lineType: 'line_type_intelligence',
  lineStatus: 'line_status',
};

/** No try begins later than this: then the call goes on without Lookup. */
const budgetMs = 5_000;
/** Before the second try; it doubles, up to a quarter longer or shorter by chance. */
const firstPauseMs = 500;
/** Lookups that may be under way at once, per worker: fewer than its slots, which others need too. */
const maxUnderWay = 150;
/** If there are several accounts: one whose Lookup hangs leaves the others enough. */
const maxOfAccount = 50;

interface Question {
  to: string;
  lookup: LookupMode;
  account?: CallAccount | undefined;
}

/**
 * Asks Lookup v2. Never throws: if Lookup is down, refuses or does not know, that is evidence. A short outage
 * is waited out, with pauses that grow or that Lookup asks for. While too many questions wait for Lookup, the
 * next ones are not asked at all.
 *
 * A package may fail inside a 200, so both levels are read. Source: Twilio OpenAPI,
 * `lookups.v2.phone_number`.
 */
export function lookUpNumber({
  twilio,
  settings,
  emit,
}: Pick<ActivityDeps, 'twilio' | 'emit'> & { settings: AccountSettings }) {
  let underWay = 0;
  /** By account. */
  const underWayOf = new Map<string, number>();

  return async ({ account: requested, ...number }: Question): Promise<LookupEvidence> => {
    const account = placingAccount(settings, requested);
    if (account === null) return noLookup(null, `not asked: ${notConfigured(requested as CallAccount)}`);
    const { accountSid } = account.twilio;
    const ownUnderWay = underWayOf.get(accountSid) ?? 0;
    const mostOfAccount = settings.accounts.configured().size > 0 ? maxOfAccount : maxUnderWay;
    if (underWay >= maxUnderWay || ownUnderWay >= mostOfAccount) {
      const why = `not asked: ${underWay} other questions to Lookup are under way without an answer`;
      emit({ kind: 'lookup', result: 'skipped', why });
      return noLookup(null, why);
    }
    underWay++;
    underWayOf.set(accountSid, ownUnderWay + 1);
    try {
      return await ask(number, twilio.of(account));
    } finally {
      underWay--;
      underWayOf.set(accountSid, (underWayOf.get(accountSid) ?? 1) - 1);
    }
  };

  async function ask(
    { to, lookup }: Pick<Question, 'to' | 'lookup'>,
    { lookups }: TwilioClient,
  ): Promise<LookupEvidence> {
    const fields = lookupFields[lookup];
    const lastTryAt = Date.now() + budgetMs;
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      try {
        const result = await lookups.phoneNumbers(to).fetch(fields ? { fields } : {});
        emit({ kind: 'lookup', result: 'answered', why: null });
        return evidenceOf(to, result);
      } catch (error) {
        const refusal = error instanceof TwilioRestError ? error : null;
        const afterMs = refusal?.retryAfterSeconds
          ? refusal.retryAfterSeconds * 1000
          : pauseMs * (0.75 + Math.random() / 2);
        if (mayPass(refusal) && Date.now() + afterMs <= lastTryAt) {
          await sleep(afterMs);
          continue;
        }
        const message = error instanceof Error ? error.message : String(error);
        emit({ kind: 'lookup', result: mayPass(refusal) ? 'no-answer' : 'refused', why: message });
        return noLookup(refusal?.error.code ?? null, message);
      }
    }
  }
}

/** May another try get an answer soon? Null: there was no answer at all. */
function mayPass(refusal: TwilioRestError | null): boolean {
  return refusal === null || refusal.error.httpStatus === 429 || refusal.error.httpStatus >= 500;
}

function evidenceOf(requestedTo: string, result: PhoneNumberInstance): LookupEvidence {
  return {
    answered: true,
    valid: typeof result.valid === 'boolean' ? result.valid : null,
    validationErrors: (result.validationErrors ?? []).map(String),
    lineType: textOf(result.lineTypeIntelligence, 'type'),
    lineStatus: textOf(result.lineStatus, 'status'),
    ...(isOtherSpelling(requestedTo, result) ? { phoneNumber: result.phoneNumber } : {}),
    errors: [
      ...packageErrorsOf('line_type_intelligence', result.lineTypeIntelligence),
      ...packageErrorsOf('line_status', result.lineStatus),
    ],
  };
}

/** Lookup repeats a number that is not valid as it was asked. Source: Twilio OpenAPI, `lookups.v2.phone_number`. */
function isOtherSpelling(requestedTo: string, { valid, phoneNumber }: PhoneNumberInstance): boolean {
  return valid === true && e164.test(phoneNumber ?? '') && phoneNumber !== requestedTo;
}

function textOf(packageResult: unknown, field: string): string | null {
  const value = (packageResult as Record<string, unknown> | null | undefined)?.[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

function packageErrorsOf(name: string, packageResult: unknown): LookupEvidence['errors'] {
  const code = Number((packageResult as Record<string, unknown> | null | undefined)?.errorCode ?? Number.NaN);
  return Number.isInteger(code) && code > 0 ? [{ package: name, code, message: `Lookup error ${code}` }] : [];
}
