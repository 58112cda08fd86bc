import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { afterEach, describe, expect, it } from 'vitest';
import { apiToken, callToken, readToken, useBrowser, type Visit } from './useBrowser.js';

const bench = useBrowser();
const twiml = '<Response><Say>Hello</Say></Response>';
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

/** What axe finds against WCAG 2.2 and good practice, as `rule: elements`. */
async function accessibilityFaults({ page }: Visit): Promise<string[]> {
  // By the debugger: the page's own policy would refuse the script.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  );
}

/** No hidden error, no violation of the policy, nothing from another origin, and accessible. */
async function isClean(visit: Visit): Promise<void> {
  expect(visit.complaints).toEqual([]);
  expect(visit.requests.filter((url) => new URL(url).origin !== bench.api)).toEqual([]);
  expect(await accessibilityFaults(visit)).toEqual([]);
}

/** Places a call that waits until tomorrow. Returns its id once it is recorded. */
async function waitingCall(to: string): Promise<string> {
  const { callId = '' } = await bench.send('POST', '/calls', { to, twiml, notBefore: tomorrow() });
  await expect.poll(async () => (await bench.send('GET', `/calls/${callId}`)).state).toBe('waiting');
  return callId;
}

/** Sends a form as a script of the page would, whatever buttons it has. */
function send({ page }: Visit, form: Record<string, string>): Promise<{ status: number; text: string }> {
  return page.evaluate(async (fields) => {
    const response = await fetch('', { method: 'POST', body: new URLSearchParams(fields) });
    return { status: response.status, text: await response.text() };
  }, form);
}

const main = ({ page }: Visit) => page.locator('main').innerText();
const streams = ({ requests }: Visit) => requests.filter((url) => url.includes('/ui/live')).length;

const visits: Visit[] = [];
async function signIn(...parts: Parameters<typeof bench.signIn>): Promise<Visit> {
  const visit = await bench.signIn(...parts);
  visits.push(visit);
  return visit;
}
afterEach(async () => {
  for (const { page } of visits.splice(0)) await page.context().close();
});

describe('sign-in', () => {
  it('a page is opened without a session: the token leads to the very page', async () => {
    const visit = await bench.open(`${bench.api}/ui/calls?since=15m`);
    visits.push(visit);
    await isClean(visit);
    const { page } = visit;
    await page.getByLabel('token').fill('a wrong token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('does not accept this token');
    await page.getByLabel('token').fill(apiToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation').waitFor();
    expect(page.url()).toBe(`${bench.api}/ui/calls?since=15m`);
    const [session] = await page.context().cookies();
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('token').waitFor();
  });

  it('the session has ended: the page says so and comes back', async () => {
    const { page } = await signIn('/', readToken);
    const [session] = await page.context().cookies();
    await page.context().addCookies([{ ...session, value: `1.${session?.value.split('.')[1]}` } as never]);
    await page.goto(`${bench.api}/?a=b`);
    expect(await page.getByRole('alert').innerText()).toContain('Your session has ended.');
    await page.getByLabel('token').fill(readToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('the reader', { exact: false }).waitFor();
    expect(page.url()).toBe(`${bench.api}/?a=b`);
  });

  it('a link of another site leads to the page: the session holds, although that site cannot send it', async () => {
    const { page } = await signIn('/', readToken);
    await page.goto(`${bench.temporalUi}/`);
    await page.evaluate(`location.href = '${bench.api}/ui/batches'`);
    await page.getByRole('heading', { name: 'Batches' }).waitFor();
    await page.context().clearCookies();
    await page.goto(`${bench.temporalUi}/`);
    await page.evaluate(`location.href = '${bench.api}/ui/batches'`);
    await page.getByLabel('token').waitFor();
  });

  it('another time zone is chosen: it holds on every page', async () => {
    const { page } = await signIn('/ui/calls', readToken, { timezoneId: 'America/New_York' });
    await waitingCall('+15005551299');
    await page.getByRole('button', { name: 'America/New_York' }).click();
    await page.waitForLoadState();
    await page.goto(`${bench.api}/ui/calls`);
    expect(await page.locator('tbody .moment').first().innerText()).toMatch(/ E[SD]T$/);
  });
});

describe('calls', () => {
  it('a finished call: found by its number and by keyboard, and its number shown on request', async () => {
    const { callId } = await bench.call({ to: '+15005552486', metadata: { customer: 'c-1' } });
    const visit = await signIn('/ui/calls?outcome=busy', apiToken);
    const { page } = visit;
    await page.getByRole('link', { name: callId }).waitFor();
    await isClean(visit);
    await page.keyboard.press('/');
    await page.keyboard.insertText('(500) 555-2486');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=/);
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${bench.api}/ui/calls/${callId}`);
    expect(await page.content()).not.toContain('+15005552486');
    expect(await page.locator('tr.decided').innerText()).toMatch(/busy.*decided/s);
    await isClean(visit);
    await page.getByRole('button', { name: 'Show the whole number' }).click();
    expect(await main(visit)).toContain('+15005552486');
    await page.goto(`${bench.api}/ui/calls/${callId}`);
    expect(await main(visit)).toContain('looked at the whole number, by token 0');
    expect(await page.content()).not.toContain('+15005552486');
  });

  it('a waiting call is canceled: wants a confirmation, and a refusal stands on the same page', async () => {
    const callId = await waitingCall('+15005551201');
    const path = `/ui/calls/${callId}`;
    const visit = await signIn(path, callToken);
    const second = await signIn(path, callToken);
    const { page } = visit;
    const yes = page.getByRole('button', { name: 'Cancel this call' });
    expect(await yes.isVisible()).toBe(false);
    const unconfirmed = await send(visit, { action: 'cancel' });
    expect([unconfirmed.status, unconfirmed.text]).toEqual([422, expect.stringContaining('not confirmed')]);
    visit.complaints.length = 0;
    await page.getByText('Cancel…').click();
    await isClean(visit);
    await page.getByLabel('Reason (optional)').fill('the customer called back');
    await second.page.getByRole('button', { name: 'Pause' }).last().click();
    await second.page.getByText('The call is paused.').waitFor();
    await yes.click();
    await page.getByText('The call is being canceled.').waitFor();
    expect(page.url()).toBe(`${bench.api}${path}`);
    const refused = await send(second, { action: 'resume', confirmed: 'yes' });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('The call is already over. Nothing was changed.');
    expect(await main(second)).toContain('by the caller');
  });

  it('an id that never was, and a filter that is wrong: the page says so', async () => {
    const visit = await signIn('/ui/calls/call-that-never-was', readToken);
    expect(await main(visit)).toContain('has ever had a call with the id call-that-never-was');
    await visit.page.goto(`${bench.api}/ui/calls?state=nonsense`);
    expect(await visit.page.getByRole('alert').innerText()).toContain('state is "nonsense"; must be one of');
  });

  it('the role may only read: sees no button, and the server refuses the form', async () => {
    const callId = await waitingCall('+15005551202');
    const visit = await signIn(`/ui/calls/${callId}`, readToken);
    expect(await visit.page.locator('#controls button').allInnerTexts()).toEqual(['Show the whole number']);
    for (const action of ['cancel', 'pause', 'retry']) {
      const refused = await send(visit, { action, confirmed: 'yes' });
      expect(refused.status).toBe(403);
      expect(refused.text).toContain(
        'The token the reader has the role read. This needs the role call or admin.',
      );
    }
    expect((await bench.send('GET', `/calls/${callId}`)).state).toBe('waiting');
  });
});

describe('the other pages', () => {
  it('each: accessible, within its policy, in the dark and on a phone too', async () => {
    await bench.send('POST', '/batches', {
      name: 'Appointments',
      defaults: { twiml, notBefore: tomorrow() },
      calls: [{ to: '+15005551203' }, { to: '+15005551204' }],
    });
    const paths = ['/', '/ui/calls', '/ui/batches', '/ui/do-not-call', '/ui/dialing', '/ui/dead-letters'];
    const visit = await signIn('/', apiToken);
    const dark = await signIn('/', apiToken, { colorScheme: 'dark', viewport: { width: 360, height: 740 } });
    for (const path of [
      ...paths,
      '/ui/toolbox?number=%2B15005551200',
      '/ui/toolbox?policy=standard&outcomes=busy',
    ])
      for (const one of [visit, dark]) {
        await one.page.goto(`${bench.api}${path}`);
        await isClean(one);
        expect(await one.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      }
  });

  it('dialing is paused with a reason: every page says so, and the log names who did it', async () => {
    const visit = await signIn('/ui/dialing', apiToken);
    const { page } = visit;
    await page.getByText('Pause dialing…').click();
    await page.getByLabel('Reason, for the others').fill('the announcement is wrong');
    await page.getByRole('button', { name: 'Pause all dialing' }).click();
    await page.getByText('Dialing is paused.').waitFor();
    await page.goto(`${bench.api}/ui/batches`);
    expect(await page.locator('#health').innerText()).toContain('Reason: the announcement is wrong');
    await isClean(visit);
    await page.goto(`${bench.api}/ui/dialing`);
    await page.getByText('Resume dialing…').click();
    await page.getByRole('button', { name: 'Resume dialing' }).click();
    await page.getByText('Dialing goes on.').waitFor();
    expect(await page.locator('#changes').innerText()).toMatch(/token 0\s+resume[\s\S]*token 0\s+pause/);
    await page.getByLabel('Calls in flight at once').fill('many');
    await page.getByRole('button', { name: 'Set these limits' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('callsInFlight');
    expect(await page.getByLabel('Calls in flight at once').inputValue()).toBe('many');
  });

  it('a number is put on the do-not-call list, looked up and taken off: masked all the time', async () => {
    const visit = await signIn('/ui/do-not-call', apiToken);
    const { page } = visit;
    await page.getByText('Add a number').click();
    await page.getByLabel('Phone number').fill('+1 500 555 1288');
    await page.getByLabel('Reason, for the record').fill('asked us not to call');
    await page.getByRole('button', { name: 'Put on the list' }).click();
    await page.getByText('The number is on the list.').waitFor();
    expect(await page.content()).not.toContain('15005551288');
    await page.goto(`${bench.api}/ui/toolbox?number=%2B15005551288`);
    expect(await main(visit)).toMatch(/No[\s\S]*do-not-call/);
    await page.goto(`${bench.api}/ui/do-not-call?q=%2B15005551288`);
    await page.getByText('Take off the list…').click();
    await isClean(visit);
    await page.getByRole('button', { name: 'Take off the list' }).click();
    await page.getByText('is not on the list any more').waitFor();
    expect(await page.locator('#removals').innerText()).toContain('token 0');
  });
});

describe('batches and dead letters', () => {
  it('a batch: paused at once, canceled after a confirmation that counts its calls', async () => {
    const { batchId } = await bench.send('POST', '/batches', {
      name: 'Reminders',
      window: 1,
      defaults: { twiml, notBefore: tomorrow() },
      calls: ['1241', '1242', '1243'].map((last) => ({ to: `+1500555${last}` })),
    });
    const visit = await signIn(`/ui/batches/${batchId}`, callToken);
    const { page } = visit;
    const controls = page.locator('#controls');
    await controls.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('The batch starts no further call.').waitFor();
    await controls.getByText('Cancel…').click();
    await isClean(visit);
    await controls.getByRole('button', { name: 'Cancel 3 calls' }).click();
    await page.getByText('The batch is being canceled.').waitFor();
    await page.locator('#batch .badge', { hasText: 'canceled' }).waitFor();
    expect(await main(visit)).toMatch(/cancel\s+.*by the caller/);
    expect(await controls.locator('button').count()).toBe(0);
  });

  it('a dead letter is sent again: the receiver gets it, and the row says so', async () => {
    let status = 410;
    const received: string[] = [];
    const receiver = createServer((request, response) => {
      received.push(String(request.headers['webhook-id']));
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const notifyUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?secret=s3cret`;
    const { callId } = await bench.call({ to: '+15005552486', notifyUrl, notifyOn: ['call.ended'] });
    const visit = await signIn('/ui/dead-letters?state=dead', callToken);
    const { page } = visit;
    const row = page.locator('tr', { hasText: callId });
    await expect.poll(() => page.reload().then(() => row.count()), { timeout: 20_000 }).toBe(1);
    expect(await page.content()).not.toContain('s3cret');
    status = 204;
    await row.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('It is being sent again').waitFor();
    await page.goto(`${bench.api}/ui/dead-letters`);
    await row.locator('.badge', { hasText: 'delivered' }).waitFor();
    expect(new Set(received).size).toBe(1);
    await isClean(visit);
    receiver.closeAllConnections();
    receiver.close();
  });
});

describe('live', () => {
  it('new calls wait behind a button, and known ones change where they are', async () => {
    const callId = await waitingCall('+15005551205');
    const visit = await signIn('/ui/calls', apiToken);
    const { page } = visit;
    await page.getByRole('link', { name: callId }).waitFor();
    const known = page.locator(`tr[data-key="${callId}"]`);
    await bench.send('POST', `/calls/${callId}/cancel`, {});
    await known.locator('.badge', { hasText: 'canceled' }).waitFor();
    await waitingCall('+15005551206');
    const fresh = page.getByRole('button', { name: '1 new call: show' });
    await fresh.waitFor();
    expect(await page.locator('tbody tr').first().getAttribute('data-key')).toBe(callId);
    await fresh.click();
    expect(await page.locator('tbody tr').nth(1).getAttribute('data-key')).toBe(callId);
    await isClean(visit);
  });

  it('the person has paused the page: neither focus nor a hidden tab make it ask again', async () => {
    const visit = await signIn('/ui/calls', readToken);
    const { page } = visit;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/^Paused at \d\d:\d\d UTC/).waitFor();
    const before = visit.requests.length;
    await page.evaluate(`for (const type of ['visibilitychange', 'focus']) {
      document.dispatchEvent(new Event(type)); window.dispatchEvent(new Event(type));
    }`);
    await page.waitForTimeout(3_000);
    expect(visit.requests.length).toBe(before);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('the tab is hidden: the page pauses, and goes on when it is seen again', async () => {
    const visit = await signIn('/ui/calls', readToken);
    const { page } = visit;
    await page.getByText('Live', { exact: true }).waitFor();
    const setHidden = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    const before = streams(visit);
    await setHidden(true);
    await page.getByText('while the page is hidden', { exact: false }).waitFor();
    await page.waitForTimeout(2_500);
    expect(streams(visit)).toBe(before);
    await setHidden(false);
    await page.getByText('Live', { exact: true }).waitFor();
    expect(streams(visit)).toBe(before + 1);
  });

  it('the API restarts: the page says since when it is stale, and goes on by itself', async () => {
    const { page } = await signIn('/ui/calls', readToken);
    await page.getByText('Live', { exact: true }).waitFor();
    await bench.restart(() => page.getByText(/Stale since \d\d:\d\d UTC/).waitFor());
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  });
});

describe('behind a proxy that takes a path prefix off', () => {
  it('every link, the sign-in and the stream hold', async () => {
    const proxy = createServer((request, response) => {
      const { host = '' } = request.headers;
      const headers = { ...request.headers, host: 'upstream.internal', 'x-forwarded-host': host };
      const url = `${bench.api}${request.url?.replace(/^\/ringtrue/, '')}`;
      const passed = httpRequest(url, { method: request.method ?? 'GET', headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      passed.on('error', () => response.destroy());
      response.on('close', () => passed.destroy());
      request.pipe(passed);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const base = `http://localhost:${(proxy.address() as AddressInfo).port}/ringtrue`;
    const visit = await bench.open(`${base}/ui/calls/unknown`);
    visits.push(visit);
    const { page } = visit;
    await page.getByLabel('token').fill(readToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('There is no such call').waitFor();
    expect(page.url()).toBe(`${base}/ui/calls/unknown`);
    visit.complaints.length = 0;
    await page.getByRole('link', { name: 'Batches' }).click();
    await page.waitForURL(`${base}/ui/batches`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Now' }).click();
    await page.waitForURL(`${base}/`);
    await page.getByText('Live', { exact: true }).waitFor();
    expect(visit.complaints).toEqual([]);
    proxy.closeAllConnections();
    proxy.close();
  });
});
