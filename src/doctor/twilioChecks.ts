import type { AccountInstance } from 'twilio/lib/rest/api/v2010/account.js';
import { createTwilioSdk, type TwilioSettings } from '../../activities/twilio/twilioClient.js';
import { TwilioRestError } from '../../activities/twilio/twilioRestError.js';
import type { DoctorConfiguration } from '../config/doctorConfiguration.js';
import { type DoctorCheck, type Finding, fault, fine, NotChecked, nameOf, once } from './doctorCheck.js';

/** A Twilio account that is checked. */
export interface CheckedAccount {
  /** In `RINGTRUE_ACCOUNTS`; null: the main account. */
  name: string | null;
  settings: TwilioSettings;
  authToken: string;
  defaultFrom: string | null;
  isSimulated: boolean;
}

/** The main account, if its variables say which one it is, and those of `RINGTRUE_ACCOUNTS`. */
export function checkedAccounts(
  configuration: Pick<DoctorConfiguration, 'twilio' | 'accounts' | 'defaultFrom' | 'isSimulated'>,
): CheckedAccount[] {
  const { twilio, accounts, defaultFrom, isSimulated } = configuration;
  return [
    ...(twilio === null ? [] : [{ name: null, ...twilio, defaultFrom, isSimulated }]),
    ...accounts.map(({ name, twilio: settings, authTokens: [authToken = ''], defaultFrom: from }) => ({
      name,
      settings,
      authToken,
      defaultFrom: from,
      isSimulated: false,
    })),
  ];
}

/** How texts name a setting: by its variable, or by its field in the file of accounts. */
export function settingOf({ name }: Pick<CheckedAccount, 'name'>, variable: keyof typeof fields): string {
  return name === null ? variable : `${fields[variable]} of account ${name} in RINGTRUE_ACCOUNTS`;
}

const fields = {
  TWILIO_AUTH_TOKEN: 'authToken',
  TWILIO_FROM: 'from',
  'TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN': 'accountSid and authToken',
  'TWILIO_API_KEY and TWILIO_API_SECRET': 'apiKey and apiSecret',
} as const;

/** What the doctor knows of Twilio. Everything is read at most once, and nothing is created. */
export interface TwilioFacts {
  sdk: ReturnType<typeof createTwilioSdk>['sdk'];
  /** Throws `NotChecked` unless Twilio accepts the credentials. */
  accepted(): Promise<void>;
  credentials(): Promise<Finding>;
  /** Twilio's clock minus ours, in seconds. */
  clockAheadSeconds(): Promise<number>;
}

export function twilioFacts(account: CheckedAccount): TwilioFacts {
  const { settings, isSimulated } = account;
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
      return credentialFault(error, account);
    }
  });
  return {
    sdk,
    credentials,
    async accepted() {
      if (!(await credentials()).ok) throw NotChecked.because(nameOf('twilio-credentials', account.name));
    },
    async clockAheadSeconds() {
      await credentials();
      const ahead = clockAheadSeconds();
      if (ahead === null) throw NotChecked.because(nameOf('twilio-credentials', account.name));
      return ahead;
    },
  };
}

/** Credentials and rights, the account and its limits, the caller id. */
export function twilioChecks(account: CheckedAccount, facts: TwilioFacts): DoctorCheck[] {
  const looks = {
    'twilio-credentials': facts.credentials,
    'twilio-account': () => accountFinding(account, facts),
    'twilio-lookup': () => lookupFinding(account, facts),
    'caller-id': () => callerIdFinding(account, facts),
  };
  return Object.entries(looks).map(([what, look]) => ({
    name: nameOf(what, account.name),
    look,
    fix: reachTwilio,
  }));
}

export const reachTwilio =
  'Check the network, HTTPS_PROXY, and TWILIO_BASE_URL, TWILIO_REGION and TWILIO_EDGE if they are set. status.twilio.com shows whether Twilio itself is in trouble.';

function credentialFault(error: unknown, account: CheckedAccount): Finding {
  const { username, accountSid } = account.settings;
  const isKey = username !== accountSid;
  if (!(error instanceof TwilioRestError)) {
    const { message, code } = error as NodeJS.ErrnoException;
    return fault(`Twilio cannot be reached: ${message || code}.`, reachTwilio);
  }
  const { code, httpStatus } = error.error;
  const both = settingOf(account, 'TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN');
  const names = isKey ? settingOf(account, 'TWILIO_API_KEY and TWILIO_API_SECRET') : both;
  if (code === 20008)
    return fault(
      'These are test credentials: no phone ever rings, and Twilio does not let them read calls (20008).',
      `Set ${both} to the live credentials of the Twilio Console, or use the simulator.`,
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
async function accountFinding(checked: CheckedAccount, facts: TwilioFacts): Promise<Finding> {
  await facts.accepted();
  const { settings, authToken } = checked;
  const token = settingOf(checked, 'TWILIO_AUTH_TOKEN');
  const { accountSid } = settings;
  const { sdk } = createTwilioSdk({ ...settings, username: accountSid, password: authToken });
  let account: AccountInstance;
  try {
    account = await sdk.api.v2010.accounts(accountSid).fetch();
  } catch (error) {
    if (!(error instanceof TwilioRestError) || error.error.httpStatus !== 401) throw error;
    return fault(
      `${token} is not the auth token of account ${accountSid} (401): no callback would have a valid signature.`,
      `Copy ${token} from the Twilio Console again. An API key does not replace it, because Twilio signs with it.`,
    );
  }
  const { status, type } = account;
  if (status !== 'active')
    return fault(
      `The account is ${status}: Twilio places no call.`,
      status === 'suspended'
        ? 'Look in the Twilio Console for the reason, such as an unpaid balance, and reactivate it there.'
        : `A closed account cannot be used. Set ${settingOf(checked, 'TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN')} to those of an open one.`,
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

async function lookupFinding({ defaultFrom }: CheckedAccount, facts: TwilioFacts): Promise<Finding> {
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

async function callerIdFinding(checked: CheckedAccount, facts: TwilioFacts): Promise<Finding> {
  const { defaultFrom, isSimulated } = checked;
  const from = settingOf(checked, 'TWILIO_FROM');
  if (defaultFrom === null)
    return fine(`${from} is not set, so every request must name its caller id in \`from\`.`);
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
      `${from} is ${defaultFrom}, a number of the account that cannot place voice calls.`,
      `Set ${from} to a number with the capability Voice.`,
    );
  }
  if (verified.some(({ phoneNumber }) => phoneNumber === defaultFrom))
    return fine(`${defaultFrom} is a verified caller id of the account.`);
  return fault(
    `${from} is ${defaultFrom}, which is neither a number nor a verified caller id of the account: Twilio would refuse every call with 21210.`,
    `Set ${from} to a number that the account owns, or verify this one in the Twilio Console (Phone Numbers > Verified Caller IDs).`,
  );
}
