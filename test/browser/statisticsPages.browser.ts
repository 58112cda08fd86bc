import axe from 'axe-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiToken, readToken, useBrowser, type Visit } from './useBrowser.js';

const bench = useBrowser();
const twiml = '<Response><Say>Hello</Say></Response>';
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
const many = 21;
const few = 3;

const visits: Visit[] = [];
async function signIn(path: string, token = apiToken): Promise<Visit> {
  const visit = await bench.signIn(path, token);
  visits.push(visit);
  return visit;
}
afterEach(async () => {
  for (const { page } of visits.splice(0)) await page.context().close();
});

/** No hidden error, no violation of the policy, nothing from another origin, and accessible. */
async function isClean({ complaints, requests, page }: Visit): Promise<void> {
  expect(complaints).toEqual([]);
  expect(requests.filter((url) => new URL(url).origin !== bench.api)).toEqual([]);
  // By the debugger: the page's own policy would refuse the script.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120))}`)).toEqual(
    [],
  );
}

const main = ({ page }: Visit) => page.locator('main').innerText();
const listed = async (query: string) =>
  ((await bench.send('GET', `/calls?${query}&limit=200`)) as unknown as { calls: unknown[] }).calls.length;

/** So many calls that wait until tomorrow. */
async function requestCalls(count: number, campaign: string): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, nth) =>
      bench.send('POST', '/calls', {
        to: `+1500555${String(1300 + nth).padStart(4, '0')}`,
        from: '+15005550006',
        twiml,
        lookup: 'off',
        notBefore: tomorrow,
        metadata: { campaign },
      }),
    ),
  );
  await vi.waitFor(
    async () => expect(await listed(`state=waiting&metadata.campaign=${campaign}`)).toBe(count),
    { timeout: 30_000, interval: 200 },
  );
}

beforeAll(async () => {
  await requestCalls(many, 'spring');
  await requestCalls(few, 'autumn');
}, 120_000);

describe('now', () => {
  it('calls wait: their reason, whether it is wrong, when they go on, and the list of exactly these calls', async () => {
    const visit = await signIn('/');
    const { page } = visit;
    const row = page.locator('#waiting tr', { hasText: 'notBefore' });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/as it should[\s\S]*from \d{4}-\d\d-\d\d/);
    await isClean(visit);
    await row.getByRole('link', { name: String(many + few) }).click();
    await page.waitForURL(/waitingBy=not-before/);
    expect(await page.locator('tbody tr').count()).toBe(many + few);
    expect(await page.getByLabel('waitingBy').inputValue()).toBe('not-before');
  });
});

describe('bulk operations', () => {
  it('all calls of a filter are to be canceled, and another number is typed: nothing is done', async () => {
    const visit = await signIn('/ui/calls?metadata.campaign=spring');
    const { page } = visit;
    await page.getByRole('link', { name: 'Control all of these…' }).click();
    await page.getByText(`${many} calls`).first().waitFor();
    await isClean(visit);
    await page.getByText('Cancel all…').click();
    expect(await main(visit)).toContain(`${many} calls, 0 of them ringing or talking`);
    await page.locator('#typed-cancel').fill('3');
    await page.getByRole('button', { name: `Cancel ${many} calls` }).click();
    expect(await page.getByRole('alert').innerText()).toContain(
      'another number was typed. Nothing was done.',
    );
    expect(await listed('state=waiting')).toBe(many + few);
  });

  it('confirmed: exactly the calls of the filter are canceled, and the page of the operation shows them', async () => {
    const visit = await signIn('/ui/bulk?metadata.campaign=spring');
    const { page } = visit;
    await page.getByText('Cancel all…').click();
    await page.locator('#reason-cancel').fill('the wrong text');
    await page.locator('#typed-cancel').fill(String(many));
    await page.getByRole('button', { name: `Cancel ${many} calls` }).click();
    await page.waitForURL(/\/ui\/bulk\/bulk-/);
    await page.getByText(`${many} of ${many} calls`).waitFor({ timeout: 20_000 });
    await page.locator('#operation', { hasText: 'done' }).waitFor({ timeout: 20_000 });
    expect(await main(visit)).toContain('the wrong text');
    await isClean(visit);
    expect(await listed('outcome=canceled')).toBe(many);
    expect(await listed('state=waiting&metadata.campaign=autumn')).toBe(few);
    await page.goto(`${bench.api}/ui/bulk`);
    await page.getByRole('link', { name: 'cancel' }).waitFor();
    await isClean(visit);
  });

  it('a filter that does not exist: refused, and nothing can be done from there', async () => {
    const { page } = await signIn('/ui/bulk?campaign=spring');
    expect(await page.getByRole('alert').innerText()).toContain('campaign is unknown');
    expect(await page.locator('details.confirm').count()).toBe(0);
  });

  it('with a token that may only read: the calls are shown, and no action', async () => {
    const visit = await signIn('/ui/bulk?metadata.campaign=autumn', readToken);
    expect(await main(visit)).toContain(`${few} calls not over yet`);
    expect(await visit.page.locator('details.confirm').count()).toBe(0);
    await visit.page.goto(`${bench.api}/ui/calls?metadata.campaign=autumn`);
    expect(await visit.page.getByRole('link', { name: 'Control all of these…' }).count()).toBe(0);
  });

  it('an id that never was: the page says so', async () => {
    const visit = await signIn('/ui/bulk/bulk-that-never-was');
    expect(await main(visit)).toContain('There is no bulk operation with the id bulk-that-never-was');
  });
});

describe('over time', () => {
  it('calls of the last day: every number leads to the list of exactly its calls', async () => {
    const { callId } = await bench.call({ to: '+15005552486', from: '+15005550006' });
    const visit = await signIn('/ui/statistics?since=2h');
    const { page } = visit;
    await page.locator('#funnel-table').waitFor();
    expect(await main(visit)).toContain('Somebody canceled the call.');
    await isClean(visit);
    const links = await page
      .locator('#over-time a[href*="calls?"]')
      .evaluateAll((all) =>
        all.map((link) => [link.textContent, (link as unknown as { search: string }).search] as const),
      );
    expect(links.length).toBeGreaterThan(10);
    for (const [text, query] of links)
      expect([query, await listed(query.slice(1))]).toEqual([query, Number(text)]);
    await page.locator('#failures-table').getByRole('link', { name: '1', exact: true }).click();
    await page.waitForURL(/reason=/);
    await page.getByRole('link', { name: callId }).waitFor();
  });

  it('a wrong parameter: the page says what would be right', async () => {
    const { page } = await signIn('/ui/statistics?since=yesterday');
    expect(await page.getByRole('alert').innerText()).toContain('since is "yesterday"; must be');
  });
});
