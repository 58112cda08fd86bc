import type { TwilioError } from '../../workflows/callOutcome.js';
import { createTwilioClient, type TwilioClient } from '../twilio/twilioClient.js';
import type { Account } from './account.js';

/** The clients of all accounts. Each has its own connections, so that no account takes those of another one. */
export interface TwilioClients {
  of(account: Account): TwilioClient;
}

/** A client is made with its first use, and anew once the settings of its account have changed. */
export function twilioClients(
  onRead: (account: Account, refusal: TwilioError | null) => void = () => {},
): TwilioClients {
  const clients = new Map<string, { settings: string; client: TwilioClient }>();
  return {
    of(account) {
      const { accountSid } = account.twilio;
      const settings = JSON.stringify([account.name, account.twilio]);
      const known = clients.get(accountSid);
      if (known?.settings === settings) return known.client;
      const client = createTwilioClient(account.twilio, (refusal) => onRead(account, refusal));
      clients.set(accountSid, { settings, client });
      return client;
    },
  };
}
