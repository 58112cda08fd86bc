import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { apiToken, readToken, useBrowser, type Visit } from './useBrowser.js';

const bench = useBrowser();

/** What axe finds against WCAG 2.2 and good practice, as `rule: elements`. */
async function accessibilityFaults({ page }: Visit): Promise<string[]> {
  // By the debugger: the page's own policy would refuse the script.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  );
}

async function isClean(visit: Visit): Promise<void> {
  expect(visit.complaints).toEqual([]);
  expect(visit.requests.filter((url) => new URL(url).origin !== bench.api)).toEqual([]);
  expect(await accessibilityFaults(visit)).toEqual([]);
}

describe('sign-in', () => {
  it('a page is opened without a session: the token leads to the very page', async () => {
    const visit = await bench.open(`${bench.api}/?since=15m`);
    await isClean(visit);
    const { page } = visit;
    await page.getByLabel('token').fill('a wrong token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('does not accept this token');
    await page.getByLabel('token').fill(apiToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation').waitFor();
    expect(page.url()).toBe(`${bench.api}/?since=15m`);
    visit.complaints.length = 0;
    await isClean(visit);
    const [session] = await page.context().cookies();
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('token').waitFor();
  });

  it('the session has ended: the page says so and comes back', async () => {
    const { page } = await bench.signIn('/', readToken);
    const [session] = await page.context().cookies();
    await page.context().addCookies([{ ...session, value: `1.${session?.value.split('.')[1]}` } as never]);
    await page.goto(`${bench.api}/?a=b`);
    expect(await page.getByRole('alert').innerText()).toContain('Your session has ended.');
    await page.getByLabel('token').fill(readToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('the reader', { exact: false }).waitFor();
    expect(page.url()).toBe(`${bench.api}/?a=b`);
  });
});

describe('calls', () => {
  it('a finished call: found by its number, opened, and its number shown on request', async () => {
    const { callId } = await bench.call({ to: '+15005552486', metadata: { customer: 'c-1' } });
    const visit = await bench.signIn('/ui/calls?outcome=busy', apiToken);
    const { page } = visit;
    await page.getByRole('link', { name: callId }).waitFor();
    await isClean(visit);
    await page.getByLabel('Search').fill('(500) 555-2486');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=/);
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${bench.api}/ui/calls/${callId}`);
    expect(await page.locator('main').innerText()).not.toContain('+15005552486');
    await page.getByText('decided', { exact: false }).first().waitFor();
    await isClean(visit);
    await page.getByRole('button', { name: 'Show the whole number' }).click();
    expect(await page.locator('main').innerText()).toContain('+15005552486');
    expect(await page.locator('main').innerText()).toContain('looked at the whole number, by token 0');
  });

  it('an id that never was, and a filter that is wrong: the page says so', async () => {
    const { page } = await bench.signIn('/ui/calls/call-that-never-was', readToken);
    expect(await page.locator('main').innerText()).toContain(
      'ever had a call with the id call-that-never-was',
    );
    await page.goto(`${bench.api}/ui/calls?state=nonsense`);
    expect(await page.getByRole('alert').innerText()).toContain('state is "nonsense"; must be one of');
  });
});
