import type { FurtherAccount, FurtherAccounts } from '../../activities/accounts/account.js';
import type { SimulatedAccount } from '../simulator/simulatorOptions.js';

/** The accounts as the simulator stands in for them. One that was taken out of the file still exists at Twilio. */
export function simulatedAccounts({
  configured,
  removed,
}: Omit<FurtherAccounts, 'remembered'>): SimulatedAccount[] {
  return [...configured().values(), ...removed().values()].map(simulatedAccount);
}

function simulatedAccount({ twilio, authTokens, callsPerSecond }: FurtherAccount): SimulatedAccount {
  const { accountSid, username, password } = twilio;
  return {
    accountSid,
    authToken: authTokens[0] as string,
    apiKeys: username === accountSid ? [] : [{ sid: username, secret: password }],
    callsPerSecond,
  };
}
