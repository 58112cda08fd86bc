import type { LookupBehavior } from '../numbers/numberBehavior.js';
import { shapeOf } from '../numbers/numberingPlan.js';
import { refusalOf, type TwilioRefusal } from '../twilioErrors.js';

/** What Lookup v2 can be asked for. Source: Twilio's OpenAPI description. */
const packages = [
  'caller_name',
  'sim_swap',
  'call_forwarding',
  'line_status',
  'line_type_intelligence',
  'identity_match',
  'reassigned_number',
  'sms_pumping_risk',
  'phone_number_quality_score',
  'pre_fill',
] as const;

/** The Lookup v2 answer for a number: every package is there, null unless it was asked for. */
export function lookupResource(
  number: string,
  fields: string | null,
  lookup: LookupBehavior,
): { body: Record<string, unknown> } | { refusal: TwilioRefusal } {
  const wanted = new Set((fields ?? '').split(',').filter((field) => field !== '' && field !== 'validation'));
  const unknownField = [...wanted].find((field) => !(packages as readonly string[]).includes(field));
  if (unknownField !== undefined) {
    return {
      refusal: refusalOf(60200, {
        message: `Invalid parameter: Fields has an unknown value ${unknownField}`,
      }),
    };
  }
  const shape = shapeOf(number);
  const error = lookup.validationError === 'own' ? shape.error : lookup.validationError;
  const valid = error === null;
  const errorCode = lookup.trouble.kind === 'package' ? lookup.trouble.code : null;
  const packageAnswers: Record<string, unknown> = {
    line_type_intelligence: {
      type: errorCode === null ? lookup.lineType : null,
      carrier_name: errorCode === null ? 'Simulated Carrier' : null,
      mobile_country_code: lookup.lineType === 'mobile' && errorCode === null ? '310' : null,
      mobile_network_code: lookup.lineType === 'mobile' && errorCode === null ? '456' : null,
      error_code: errorCode,
    },
    line_status: { status: errorCode === null ? lookup.lineStatus : null, error_code: errorCode },
    caller_name: { caller_name: null, caller_type: null, error_code: errorCode },
  };
  return {
    body: {
      calling_country_code: valid ? shape.callingCode : null,
      country_code: valid ? shape.country : null,
      phone_number: lookup.phoneNumber ?? (valid && !number.startsWith('+') ? `+1${number}` : number),
      national_format: valid ? shape.national : null,
      valid,
      validation_errors: valid ? null : [error],
      ...Object.fromEntries(
        packages.map((name) => [name, wanted.has(name) ? (packageAnswers[name] ?? notCovered) : null]),
      ),
      url: `https://lookups.twilio.com/v2/PhoneNumbers/${number}`,
    },
  };
}

/** A package that the simulator has nothing to say in. 60600: unprovisioned or out of coverage. */
const notCovered = { error_code: 60600 };
