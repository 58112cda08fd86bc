import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { useEndToEndStack } from './useEndToEndStack.js';

/** As with RINGTRUE_PUBLIC_URL=none. Who waited for a callback would wait for a minute first. */
const stack = useEndToEndStack({ publicUrl: null, callbackWaitSeconds: 60, pollIntervalSeconds: 1 });

describe('without a public URL', () => {
  it.concurrent.each([
    ['+15005551200', { outcome: 'answered', reachability: 'reachable' }],
    ['+15005552486', { outcome: 'busy', reachability: 'reachable' }],
    ['+15005553487', { outcome: 'no-answer' }],
    ['+15005555404', { outcome: 'failed' }],
  ])('%s: Twilio is asked for no callback, and polling decides: %j', async (to, expected) => {
    const outcome = await stack.call({ to });
    expect(outcome).toMatchObject({ ...expected, decidedBy: 'poll', sipResponseCode: null });
    expect(outcome.attempts[0]?.evidence.updates.map(({ source }) => source)).not.toContain('webhook');
    expect(outcome.timeline.map(({ text }) => text)).toContain(
      'Twilio is polled, since it sends no callbacks',
    );
    const [call, ...others] = await stack.simulated(to);
    expect(others).toEqual([]);
    expect(call).toMatchObject({ statusCallback: null, callbacksSent: 0 });
  });

  it('a callback comes all the same, such as one to an earlier URL: 403, since no signature can be checked', async () => {
    const path = '/twilio/status/call-1/1';
    const parameters = { CallSid: 'CA1', CallStatus: 'completed' };
    const signature = getExpectedTwilioSignature(
      simulatorCredentials.authToken,
      `${stack.apiUrl}${path}`,
      parameters,
    );
    const answer = await fetch(`${stack.apiUrl}${path}`, {
      method: 'POST',
      headers: { 'X-Twilio-Signature': signature },
      body: new URLSearchParams(parameters),
    });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining('RINGTRUE_PUBLIC_URL is none'),
    });
  });

  it('the API is ready, and its URLs are those of the request', async () => {
    expect((await fetch(`${stack.apiUrl}/readyz`)).status).toBe(200);
    const posted = await fetch(`${stack.apiUrl}/calls`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ to: '+15005551001', twiml: '<Response/>', notBefore: '2099-01-01T00:00:00Z' }),
    });
    const { callId, url } = (await posted.json()) as { callId: string; url: string };
    expect(url).toBe(`${stack.apiUrl}/calls/${callId}`);
    await fetch(`${url}/cancel`, { method: 'POST' });
  });
});
