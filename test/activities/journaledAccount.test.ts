import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { noFurtherAccounts } from '../../activities/accounts/account.js';
import { journaledAccount } from '../../activities/accounts/clientOf.js';

it('many calls of another account, again and again: each says so, and the log says it once', async () => {
  const lines: string[] = [];
  const logger = new DefaultLogger('ERROR', ({ message }) => void lines.push(message));
  const accounts = { placedBy: `AC${'a'.repeat(32)}`, expected: `AC${'b'.repeat(32)}` };
  const twilio = { accountSid: accounts.expected, username: 'u', password: 'p', baseUrl: null };
  const limits = { defaultFrom: null, callsPerSecond: 1, callsInFlight: null };
  const deps = { settings: { twilio, ...limits, accounts: noFurtherAccounts } };
  const messages = await Promise.all(
    ['call-1', 'call-2', 'call-2'].map((callId) =>
      new MockActivityEnvironment({}, { logger })
        .run(async () => {
          journaledAccount(deps, 'CallNotSeen', { ...accounts, what: `may have made a call for ${callId}` });
        })
        .catch((error: Error) => error.message),
    ),
  );
  expect(messages[1]).toMatch(
    /^Twilio account ACa+ may have made a call for call-2, but .* or run a worker with/,
  );
  expect(lines).toEqual([
    expect.stringMatching(
      /^Twilio account ACa+ placed calls that are not over, but this worker has account ACb+/,
    ),
  ]);
});
