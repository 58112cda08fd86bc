import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { TwilioRestError } from '../../activities/twilio/twilioRestError.js';
import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { type DoctorCheck, type Finding, fault, fine, nameOf } from './doctorCheck.js';
import { type CheckedAccount, reachTwilio, type TwilioFacts } from './twilioChecks.js';

/** No code is the beginning of another one. */
const callingCodes: ReadonlySet<string> = new Set(
  getCountries().map((country) => getCountryCallingCode(country)),
);

/**
 * One check for each country: may the account call it? The countries are those that are given, else those of
 * `RINGTRUE_DESTINATIONS`, else that of the caller id.
 */
export function geoChecks(
  { name, defaultFrom }: CheckedAccount,
  facts: TwilioFacts,
  { destinations, given }: Pick<DoctorConfiguration, 'destinations'> & { given: readonly string[] },
): DoctorCheck[] {
  const own = defaultFrom === null ? undefined : parsePhoneNumberFromString(defaultFrom)?.country;
  const countries = given.length > 0 ? given : (destinations?.countries ?? (own === undefined ? [] : [own]));
  const prefixes = given.length > 0 ? [] : (destinations?.prefixes ?? []);
  const codes = prefixes.flatMap((prefix) => callingCodeOf(prefix) ?? []);
  return [
    ...[...new Set(countries)].map(
      (country): DoctorCheck => ({
        name: nameOf(`geo-permission-${country}`, name),
        look: () => countryFinding(facts, country),
        fix: reachTwilio,
      }),
    ),
    ...[...new Set(codes)].map(
      (code): DoctorCheck => ({
        name: nameOf(`geo-permission-${code}`, name),
        look: () => codeFinding(facts, code),
        fix: reachTwilio,
      }),
    ),
  ];
}

/** `+49` of `+4930`. Null if the prefix is shorter than a calling code. */
function callingCodeOf(prefix: string): string | null {
  const code = [1, 2, 3].map((length) => prefix.slice(1, 1 + length)).find((one) => callingCodes.has(one));
  return code === undefined ? null : `+${code}`;
}

async function countryFinding(facts: TwilioFacts, country: string): Promise<Finding> {
  await facts.accepted();
  const { countries } = facts.sdk.voice.v1.dialingPermissions;
  try {
    const { name, lowRiskNumbersEnabled } = await countries(country).fetch();
    return lowRiskNumbersEnabled
      ? fine(`The account may call ${name} (${country}).`)
      : closed([`${name} (${country})`]);
  } catch (error) {
    if (!(error instanceof TwilioRestError) || error.error.httpStatus !== 404) throw error;
    return fault(
      `Twilio has no dialing permissions for ${country}.`,
      'Name the country by its two letters of ISO 3166, such as DE. Canada may be listed with US.',
    );
  }
}

/** Several countries may share a calling code. */
async function codeFinding(facts: TwilioFacts, code: string): Promise<Finding> {
  await facts.accepted();
  const found = await facts.sdk.voice.v1.dialingPermissions.countries.list({ countryCode: code, limit: 100 });
  const names = (enabled: boolean) =>
    found
      .filter(({ lowRiskNumbersEnabled }) => Boolean(lowRiskNumbersEnabled) === enabled)
      .map(({ name, isoCode }) => `${name} (${isoCode})`);
  if (found.length === 0)
    return fault(
      `Twilio has no dialing permissions for ${code}.`,
      'Correct the prefix in RINGTRUE_DESTINATIONS.',
    );
  return names(false).length > 0
    ? closed(names(false))
    : fine(`The account may call ${names(true).join(', ')}.`);
}

function closed(countries: string[]): Finding {
  return fault(
    `The account may not call ${countries.join(', ')}: Twilio would refuse each call with 21215.`,
    'Enable the country in the Twilio Console (Voice > Settings > Geo permissions), or take it out of RINGTRUE_DESTINATIONS.',
  );
}
