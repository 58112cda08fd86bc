import type { LookupEvidence } from '../workflows/callOutcome.js';
import type { LookupMode } from '../workflows/callRequest.js';
import { noLookup } from '../workflows/rules/verdict.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { TwilioRestError } from './twilio/twilioRestError.js';

/** What to ask for besides the free check of the format. */
const lookupFields: Record<LookupMode, string | undefined> = {
  off: undefined,
  basic: undefined,
  lineType: 'line_type_intelligence',
  lineStatus: 'line_status',
};

/** Lookup never blocks a call for long: after this many short tries the call goes on without it. */
const maxTries = 2;

/**
 * Asks Lookup v2. Never throws: if Lookup is down, refuses or does not know, that is evidence. A package may
 * fail inside a 200, so both levels are read. Source: Twilio OpenAPI, `lookups.v2.phone_number`.
 */
export function lookUpNumber({ twilio }: ActivityDeps) {
  return async ({ to, lookup }: { to: string; lookup: LookupMode }): Promise<LookupEvidence> => {
    const fields = lookupFields[lookup];
    for (let triesLeft = maxTries - 1; ; triesLeft--) {
      try {
        const result = await twilio.lookups.phoneNumbers(to).fetch(fields ? { fields } : {});
        return {
          answered: true,
          valid: typeof result.valid === 'boolean' ? result.valid : null,
          validationErrors: (result.validationErrors ?? []).map(String),
          lineType: textOf(result.lineTypeIntelligence, 'type'),
          lineStatus: textOf(result.lineStatus, 'status'),
          errors: [
            ...packageErrorsOf('line_type_intelligence', result.lineTypeIntelligence),
            ...packageErrorsOf('line_status', result.lineStatus),
          ],
        };
      } catch (error) {
        const twilioError = error instanceof TwilioRestError ? error.error : null;
        const isRetryable =
          twilioError === null || twilioError.httpStatus === 429 || twilioError.httpStatus >= 500;
        if (isRetryable && triesLeft > 0) continue;
        const message = error instanceof Error ? error.message : String(error);
        return noLookup(twilioError?.code ?? null, message);
      }
    }
  };
}

function textOf(packageResult: unknown, field: string): string | null {
  const value = (packageResult as Record<string, unknown> | null | undefined)?.[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

function packageErrorsOf(name: string, packageResult: unknown): LookupEvidence['errors'] {
  const code = Number((packageResult as Record<string, unknown> | null | undefined)?.errorCode ?? Number.NaN);
  return Number.isInteger(code) && code > 0 ? [{ package: name, code, message: `Lookup error ${code}` }] : [];
}
