import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { type CountryCode, getCountries, getCountryCallingCode } from 'libphonenumber-js/max';
import { isOwned } from '../calls/accountRefusal.js';
import type { CallEngine } from '../calls/callEngine.js';
import { displayed } from '../numbers/numberingPlan.js';
import { type AccountProfile, simulatedFrom } from '../simulatorOptions.js';
import { twilioDate } from '../twilioDate.js';
import { refusalOf } from '../twilioErrors.js';
import { refused, type SimulatorEnv } from './brokenAnswers.js';
import { pageOf } from './page.js';

const openedAt = twilioDate(new Date('2020-01-01T00:00:00Z'));
const accountsPath = '/2010-04-01/Accounts';

/** What can be read about the account: itself, its numbers, its caller ids, and which countries it may call. */
export function accountApi({ accountSid, account }: CallEngine): Hono<SimulatorEnv> {
  const api = new Hono<SimulatorEnv>();
  const root = `/2010-04-01/Accounts/${accountSid}`;

  const numberPage = (
    c: Context<SimulatorEnv>,
    numbers: string[],
    list: { name: string; shown: (number: string) => unknown },
  ) => {
    const query = new URL(c.req.url).searchParams;
    const page = pageOf(numbers, { path: c.req.path, query }, { ...list, idOf: (number) => number });
    return 'refusal' in page ? refused(c, page.refusal) : c.json(page.body);
  };

  api.get(`${root}.json`, (c) => c.json(accountResource(accountSid, account)));

  api.get(`${root}/IncomingPhoneNumbers.json`, (c) =>
    numberPage(c, ownedNumbers(account, c.req.query('PhoneNumber') ?? null), {
      name: 'incoming_phone_numbers',
      shown: (number) => phoneNumberResource(accountSid, number),
    }),
  );

  api.get(`${root}/OutgoingCallerIds.json`, (c) => {
    const wanted = c.req.query('PhoneNumber');
    const numbers = account.callerIds.filter((number) => wanted === undefined || number === wanted);
    return numberPage(c, numbers, {
      name: 'outgoing_caller_ids',
      shown: (number) => callerIdResource(accountSid, number),
    });
  });

  api.get('/v1/DialingPermissions/Countries', (c) => {
    const code = c.req.query('CountryCode')?.replace(/^\+/, '');
    const countries = getCountries()
      .filter((country) => code === undefined || getCountryCallingCode(country) === code)
      .map((country) => countryResource(account, country));
    const url = `https://voice.twilio.com${c.req.path}`;
    const meta = { page: 0, page_size: 1000, first_page_url: url, url, key: 'content' };
    return c.json({ content: countries, meta: { ...meta, previous_page_url: null, next_page_url: null } });
  });

  api.get('/v1/DialingPermissions/Countries/:country', (c) => {
    const country = c.req.param('country').toUpperCase();
    if (!getCountries().some((known) => known === country))
      return refused(c, refusalOf(20404, { message: `The requested resource ${c.req.path} was not found` }));
    return c.json(countryResource(account, country as CountryCode));
  });

  return api;
}

/** The numbers that a list of the account's numbers has if it is asked for this one, or for all of them. */
function ownedNumbers(account: AccountProfile, asksFor: string | null): string[] {
  const { phoneNumbers } = account;
  if (asksFor === null) return [...(phoneNumbers ?? [simulatedFrom])];
  return isOwned(account, asksFor) ? [asksFor] : [];
}

/** The Account resource as the API answers it. Source: Twilio's OpenAPI description. */
function accountResource(accountSid: string, { status, type }: AccountProfile) {
  const uri = `${accountsPath}/${accountSid}`;
  return {
    sid: accountSid,
    owner_account_sid: accountSid,
    friendly_name: 'Simulated account',
    auth_token: null,
    status,
    type,
    date_created: openedAt,
    date_updated: openedAt,
    uri: `${uri}.json`,
    subresource_uris: {
      calls: `${uri}/Calls.json`,
      incoming_phone_numbers: `${uri}/IncomingPhoneNumbers.json`,
      outgoing_caller_ids: `${uri}/OutgoingCallerIds.json`,
    },
  };
}

/** The IncomingPhoneNumber resource as the API answers it. Source: Twilio's OpenAPI description. */
function phoneNumberResource(accountSid: string, number: string) {
  const sid = sidOf(number);
  return {
    ...callerIdResource(accountSid, number),
    uri: `${accountsPath}/${accountSid}/IncomingPhoneNumbers/${sid}.json`,
    address_requirements: 'none',
    address_sid: null,
    api_version: '2010-04-01',
    beta: false,
    bundle_sid: null,
    capabilities: { voice: true, sms: true, mms: true, fax: false },
    emergency_status: 'Inactive',
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    identity_sid: null,
    origin: 'twilio',
    status: 'in-use',
    status_callback: null,
    status_callback_method: 'POST',
    trunk_sid: null,
    voice_application_sid: null,
    voice_caller_id_lookup: false,
    voice_fallback_method: 'POST',
    voice_fallback_url: null,
    voice_method: 'POST',
    voice_receive_mode: 'voice',
    voice_url: null,
    sms_application_sid: null,
    sms_fallback_method: 'POST',
    sms_fallback_url: null,
    sms_method: 'POST',
    sms_url: null,
  };
}

/** The OutgoingCallerId resource as the API answers it. Source: Twilio's OpenAPI description. */
function callerIdResource(accountSid: string, number: string) {
  const sid = sidOf(number);
  return {
    sid,
    account_sid: accountSid,
    friendly_name: displayed(number),
    phone_number: number,
    date_created: openedAt,
    date_updated: openedAt,
    uri: `${accountsPath}/${accountSid}/OutgoingCallerIds/${sid}.json`,
  };
}

/** The dialing permissions of a country as the API answers them. Source: Twilio's OpenAPI description. */
function countryResource({ closedCountries }: AccountProfile, country: CountryCode) {
  const url = `https://voice.twilio.com/v1/DialingPermissions/Countries/${country}`;
  return {
    iso_code: country,
    name: new Intl.DisplayNames(['en'], { type: 'region' }).of(country) ?? country,
    continent: null,
    country_codes: [`+${getCountryCallingCode(country)}`],
    low_risk_numbers_enabled: !closedCountries.includes(country),
    high_risk_special_numbers_enabled: false,
    high_risk_tollfraud_numbers_enabled: false,
    url,
    links: { highrisk_special_prefixes: `${url}/HighRiskSpecialPrefixes` },
  };
}

/** The same number always has the same SID. */
function sidOf(number: string): string {
  return `PN${createHash('md5').update(number).digest('hex')}`;
}
