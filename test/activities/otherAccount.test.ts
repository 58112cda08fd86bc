import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { otherAccount } from '../../activities/otherAccount.js';

it('many calls of another account, again and again: each says so, and the log says it once', async () => {
  const lines: string[] = [];
  const logger = new DefaultLogger('ERROR', ({ message }) => void lines.push(message));
  const accounts = { placedBy: `AC${'a'.repeat(32)}`, configured: `AC${'b'.repeat(32)}` };
  const messages = await Promise.all(
    ['call-1', 'call-2', 'call-2'].map((callId) =>
      new MockActivityEnvironment({}, { logger }).run(
        async () => otherAccount('CallNotSeen', `may have made a call for ${callId}`, accounts).message,
      ),
    ),
  );
  expect(messages[1]).toMatch(
    /^Twilio account ACa+ may have made a call for call-2, but .* Run a worker with/,
  );
  expect(lines).toEqual([
    expect.stringMatching(
      /^Twilio account ACa+ placed calls that are not over, but this worker has account ACb+/,
    ),
  ]);
});
