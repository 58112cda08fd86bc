import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { apiToken, useBrowser, type Visit } from './useBrowser.js';

const bench = useBrowser();

/** The page has no hidden error and has loaded nothing from other origins. */
function isClean({ complaints, requests }: Visit, origin: string): void {
  expect(complaints).toEqual([]);
  const foreign = requests.filter((url) => !url.startsWith('data:') && new URL(url).origin !== origin);
  expect(foreign).toEqual([]);
}

describe('the API page', () => {
  it('opened: lists every route, loads nothing from other origins, and breaks no Content-Security-Policy', async () => {
    const visit = await bench.open(`${bench.api}/docs`);
    await visit.page.locator('.opblock').first().waitFor();
    const shown = await visit.page
      .locator('.opblock-summary')
      .evaluateAll((rows) =>
        rows.map((row) =>
          ['.opblock-summary-method', '.opblock-summary-path']
            .map((part) => row.querySelector(part)?.textContent?.replaceAll('\u200b', '').trim())
            .join(' '),
        ),
      );
    const document = (await (await fetch(`${bench.api}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described).toContain('POST /calls');
    expect(shown.sort()).toEqual(described.sort());
    await visit.page.getByText('CallRequest', { exact: true }).first().waitFor();
    isClean(visit, bench.api);
  });

  it('a request is tried out with a token: this server answers', async () => {
    const visit = await bench.open(`${bench.api}/docs`);
    const { page } = visit;
    await page.locator('.btn.authorize').click();
    await page.locator('.auth-container input').fill(apiToken);
    await page.locator('.auth-container .btn.authorize').click();
    await page.locator('.auth-container .btn-done').click();
    await page.locator('#operations-Calls-listCalls .opblock-summary').click();
    await page.locator('#operations-Calls-listCalls .try-out__btn').click();
    await page.locator('#operations-Calls-listCalls .execute').click();
    const status = page.locator('#operations-Calls-listCalls .live-responses-table .response-col_status');
    await status.last().waitFor();
    expect(await status.last().innerText()).toMatch(/^200/);
    isClean(visit, bench.api);
  });

  it('a script or an image of another origin is inserted: the browser does not request it', async () => {
    const requested: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      requested.push(request.url);
      response.end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    const { page } = await bench.open(`${bench.api}/docs`);
    const stopped = await page.evaluate(`new Promise((resolve) => {
      const violations = [];
      document.addEventListener('securitypolicyviolation', (event) => {
        violations.push(event.effectiveDirective);
        if (violations.length === 3) resolve(violations.sort());
      });
      const add = (tag, what) => document.body.append(Object.assign(document.createElement(tag), what));
      add('script', { src: 'http://127.0.0.1:${port}/evil.js' });
      add('script', { textContent: 'window.ran = true' });
      add('img', { src: 'http://127.0.0.1:${port}/evil.png' });
    })`);
    expect(stopped).toEqual(['img-src', 'script-src-elem', 'script-src-elem']);
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(requested).toEqual([]);
    elsewhere.close();
  });

  it('another page embeds it in a frame: refused', async () => {
    const { page } = await bench.open(`${bench.temporalUi}/`);
    const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('iframe'), { src: '${bench.api}/docs' }))`,
    );
    await refused;
  });
});

describe('the front page', () => {
  it('opened: links to the API page, readiness and Temporal', async () => {
    const visit = await bench.signIn('/', apiToken);
    isClean(visit, bench.api);
    for (const [name, url] of [
      ['The calls API', `${bench.api}/docs`],
      ['Readiness', `${bench.api}/readyz`],
      ['Temporal', bench.temporalUi],
    ] as const) {
      await visit.page.goto(bench.api);
      await visit.page.getByRole('link', { name, exact: true }).click();
      await visit.page.waitForURL((to) => to.href.startsWith(url));
    }
  });
});

describe("a finished call in Temporal's Web UI", () => {
  it('opened: timeline, summary and details say what happened', async () => {
    const { callId, runId } = await bench.call({
      to: '+15005552486',
      retry: { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 1 },
    });
    const run = `${bench.temporalUi}/namespaces/default/workflows/${callId}/${runId}`;
    const timeline = await bench.open(`${run}/timeline`);
    for (const text of [
      'call +1500•••2486 from +1500•••0006',
      'status callback about CA',
      'attempt 2 of 2 after busy',
    ])
      await timeline.page.getByText(text).first().waitFor();

    const metadata = await bench.open(`${run}/user-metadata`);
    const isShown = async (text: string) => {
      for (const frame of metadata.page.frames()) if (await frame.getByText(text).count()) return true;
      return false;
    };
    for (const text of [
      'Call to +1500•••2486',
      'Lookup: valid',
      'Twilio accepted the call: CA',
      'callback 2: busy, SIP 486',
      'attempt 1: busy',
      'busy, decided by webhook',
    ])
      await expect.poll(() => isShown(text), { timeout: 20_000, message: text }).toBe(true);
  });
});
