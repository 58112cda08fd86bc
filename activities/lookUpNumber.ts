import type { LookupEvidence } from '../workflows/callOutcome.js';
import type { LookupMode } from '../workflows/callRequest.js';
import { noLookup } from '../workflows/outcomeOf.js';
import { TwilioAnswer } from './twilioAnswer.js';
import type { World } from './world.js';

/** What to ask for besides the free check of the format. */
const fieldsOf: Record<LookupMode, string | undefined> = {
  off: undefined,
  basic: undefined,
  lineType: 'line_type_intelligence',
  lineStatus: 'line_status',
};

/** Lookup is a help, not a gate: after so many tries, each short, the call goes on without it. */
const tries = 2;

/**
 * Asks Lookup v2. Its being down, refusing or not knowing is evidence, not an error. A package may fail inside
 * a 200, so both levels are read. Source: Twilio OpenAPI, `lookups.v2.phone_number`.
 */
export function lookUpNumber({ twilio }: World) {
  return async ({ to, lookup }: { to: string; lookup: LookupMode }): Promise<LookupEvidence> => {
    const fields = fieldsOf[lookup];
    for (let left = tries - 1; ; left--) {
      try {
        const answer = await twilio.lookups.phoneNumbers(to).fetch(fields ? { fields } : {});
        return {
          answered: true,
          valid: typeof answer.valid === 'boolean' ? answer.valid : null,
          validationErrors: (answer.validationErrors ?? []).map(String),
          lineType: textOf(answer.lineTypeIntelligence, 'type'),
          lineStatus: textOf(answer.lineStatus, 'status'),
          errors: [
            ...packageError('line_type_intelligence', answer.lineTypeIntelligence),
            ...packageError('line_status', answer.lineStatus),
          ],
        };
      } catch (error) {
        const refusal = error instanceof TwilioAnswer ? error.error : null;
        const worthAgain = refusal === null || refusal.httpStatus === 429 || refusal.httpStatus >= 500;
        if (worthAgain && left > 0) continue;
        const message = error instanceof Error ? error.message : String(error);
        return noLookup(refusal?.code ?? null, message);
      }
    }
  };
}

function textOf(found: unknown, field: string): string | null {
  const value = (found as Record<string, unknown> | null | undefined)?.[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

function packageError(name: string, found: unknown): LookupEvidence['errors'] {
  const code = Number((found as Record<string, unknown> | null | undefined)?.errorCode ?? Number.NaN);
  return Number.isInteger(code) && code > 0 ? [{ package: name, code, message: `Lookup error ${code}` }] : [];
}
