import type { AccountInstance } from 'twilio/lib/rest/api/v2010/account.js';
import { createTwilioSdk } from '../../activities/twilio/twilioClient.js';
import { TwilioRestError } from '../../activities/twilio/twilioRestError.js';
import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { type DoctorCheck, type Finding, fault, fine, NotChecked, once } from './doctorCheck.js';

type Parts = DoctorConfiguration & { twilio: NonNullable<DoctorConfiguration['twilio']> };

/** What the doctor knows of Twilio. Everything is read at most once, and nothing is created. */
export interface TwilioFacts {
  sdk: ReturnType<typeof createTwilioSdk>['sdk'];
  /** Throws `NotChecked` unless Twilio accepts the credentials. */
  accepted(): Promise<void>;
  /** Twilio's clock minus ours, in seconds. */
  clockAheadSeconds(): Promise<number>;
}

export function twilioFacts({
  twilio: { settings },
  isSimulated,
}: Parts): TwilioFacts & { credentials(): Promise<Finding> } {
  const { sdk, clockAheadSeconds } = createTwilioSdk(settings);
  const credentials = once(async (): Promise<Finding> => {
    try {
      await sdk.calls.page({ pageSize: 1 });
      const who = settings.username === settings.accountSid ? 'the auth token' : 'the API key';
      return fine(`Twilio accepts ${who} of account ${settings.accountSid}, and it may read calls.`);
    } catch (error) {
      if (isSimulated && !(error instanceof TwilioRestError))
        return fault(
          `There are no credentials of Twilio, and no simulator of \`ringtrue dev\` answers at ${settings.baseUrl}.`,
          'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or start `ringtrue dev`, which simulates Twilio.',
        );
      return credentialFault(error, settings.username !== settings.accountSid);
    }
  });
  return {
    sdk,
    credentials,
    async accepted() {
      if (!(await credentials()).ok) throw NotChecked.because('twilio-credentials');
    },
    async clockAheadSeconds() {
      await credentials();
      const ahead = clockAheadSeconds();
      if (ahead === null) throw NotChecked.because('twilio-credentials');
      return ahead;
    },
  };
}

/** Credentials and rights, the account and its limits, the caller id. */
export function twilioChecks(
  parts: Parts,
  facts: TwilioFacts & { credentials(): Promise<Finding> },
): DoctorCheck[] {
  return [
    { name: 'twilio-credentials', look: facts.credentials, fix: reachTwilio },
    { name: 'twilio-account', look: () => accountFinding(parts, facts), fix: reachTwilio },
    { name: 'twilio-lookup', look: () => lookupFinding(parts, facts), fix: reachTwilio },
    { name: 'caller-id', look: () => callerIdFinding(parts, facts), fix: reachTwilio },
  ];
}

export const reachTwilio =
  'Check the network, HTTPS_PROXY, and TWILIO_BASE_URL, TWILIO_REGION and TWILIO_EDGE if they are set. status.twilio.com shows whether Twilio itself is in trouble.';

function credentialFault(error: unknown, isKey: boolean): Finding {
  if (!(error instanceof TwilioRestError)) {
    const { message, code } = error as NodeJS.ErrnoException;
    return fault(`Twilio cannot be reached: ${message || code}.`, reachTwilio);
  }
  const { code, httpStatus } = error.error;
  const names = isKey ? 'TWILIO_API_KEY and TWILIO_API_SECRET' : 'TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN';
  if (code === 20008)
    return fault(
      'These are test credentials: no phone ever rings, and Twilio does not let them read calls (20008).',
      'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to the live credentials of the Twilio Console, or use the simulator.',
    );
  if (code === 20005 || code === 10001)
    return fault(
      `The account is not active (${code}).`,
      'Reactivate it in the Twilio Console. Calls wait until then.',
    );
  if (httpStatus === 401)
    return fault(
      `Twilio refuses the credentials (401${code === null ? '' : `, ${code}`}).`,
      `Copy ${names} from the Twilio Console again, without blanks or quotes${isKey ? '. A key of another region or account is refused, too' : ''}.`,
    );
  if (httpStatus === 403)
    return fault(
      `Twilio does not let these credentials read calls (403${code === null ? '' : `, ${code}`}).`,
      'Give the API key the right to read and create calls, or use a standard key. Without reads, lost callbacks cannot be replaced by polling.',
    );
  return fault(error.message, reachTwilio);
}

/** Only the auth token reads the account, so this also proves the token that verifies signatures. */
async function accountFinding(parts: Parts, facts: TwilioFacts): Promise<Finding> {
  await facts.accepted();
  const { settings, authToken } = parts.twilio;
  const { accountSid } = settings;
  const { sdk } = createTwilioSdk({ ...settings, username: accountSid, password: authToken });
  let account: AccountInstance;
  try {
    account = await sdk.api.v2010.accounts(accountSid).fetch();
  } catch (error) {
    if (!(error instanceof TwilioRestError) || error.error.httpStatus !== 401) throw error;
    return fault(
      `TWILIO_AUTH_TOKEN is not the auth token of account ${accountSid} (401): no callback would have a valid signature.`,
      'Copy TWILIO_AUTH_TOKEN from the Twilio Console again. An API key does not replace it, because Twilio signs with it.',
    );
  }
  const { status, type } = account;
  if (status !== 'active')
    return fault(
      `The account is ${status}: Twilio places no call.`,
      status === 'suspended'
        ? 'Look in the Twilio Console for the reason, such as an unpaid balance, and reactivate it there.'
        : 'A closed account cannot be used. Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to those of an open one.',
    );
  if (type !== 'Trial') return fine('The account is active, and not a trial account.');
  const verified = await facts.sdk.outgoingCallerIds.list({ limit: 20 });
  const limits =
    'A trial account calls only verified numbers, each call ends after 10 minutes, and 5 calls run at once';
  if (verified.length === 0)
    return fault(
      `${limits}; no number is verified, so no call can be placed.`,
      'Verify your own phone in the Twilio Console (Phone Numbers > Verified Caller IDs), or upgrade the account.',
    );
  return fine(`${limits}. Verified: ${verified.map(({ phoneNumber }) => phoneNumber).join(', ')}.`);
}

/** A number of nobody: what the answer says of it does not matter, and plain Lookup is free. */
const lookedUpNumber = '+15005550006';

async function lookupFinding({ defaultFrom }: Parts, facts: TwilioFacts): Promise<Finding> {
  await facts.accepted();
  try {
    await facts.sdk.lookups.v2.phoneNumbers(defaultFrom ?? lookedUpNumber).fetch();
  } catch (error) {
    if (!(error instanceof TwilioRestError)) throw error;
    if (error.error.httpStatus !== 404)
      return fault(
        `Lookup does not answer as it should: ${error.message}. Calls go on without it.`,
        'Give the API key the right to use Lookup, or request calls with "lookup": "off".',
      );
  }
  return fine('Twilio answers Lookup.');
}

async function callerIdFinding({ defaultFrom, isSimulated }: Parts, facts: TwilioFacts): Promise<Finding> {
  if (defaultFrom === null)
    return fine('TWILIO_FROM is not set, so every request must name its caller id in `from`.');
  await facts.accepted();
  const { sdk } = facts;
  const [owned, verified] = await Promise.all([
    sdk.incomingPhoneNumbers.list({ phoneNumber: defaultFrom, limit: 50 }),
    sdk.outgoingCallerIds.list({ phoneNumber: defaultFrom, limit: 50 }),
  ]);
  const number = owned.find(({ phoneNumber }) => phoneNumber === defaultFrom);
  if (number !== undefined) {
    // The SDK gives what Twilio sent.
    const { voice } = (number.capabilities ?? {}) as { voice?: boolean };
    if (voice !== false) return fine(`The account owns ${defaultFrom}${isSimulated ? ' (simulated)' : ''}.`);
    return fault(
      `TWILIO_FROM is ${defaultFrom}, a number of the account that cannot place voice calls.`,
      'Set TWILIO_FROM to a number with the capability Voice.',
    );
  }
  if (verified.some(({ phoneNumber }) => phoneNumber === defaultFrom))
    return fine(`${defaultFrom} is a verified caller id of the account.`);
  return fault(
    `TWILIO_FROM is ${defaultFrom}, which is neither a number nor a verified caller id of the account: Twilio would refuse every call with 21210.`,
    'Set TWILIO_FROM to a number that the account owns, or verify this one in the Twilio Console (Phone Numbers > Verified Caller IDs).',
  );
}
