import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../browser/chromium.js';

/** Where the operations page is, and the token with which to sign in. */
export interface Place {
  api: string;
  token: string;
}

interface Picture {
  /** The name of the file, without `.png`. */
  name: string;
  path: (ids: Ids) => string;
  dark?: true;
  /** The width of a phone. */
  narrow?: true;
}

interface Ids {
  callId: string;
  batchId: string;
}

const pictures: Picture[] = [
  { name: 'operations-page', path: () => '/ui/calls' },
  { name: 'operations-page-call', path: ({ callId }) => `/ui/calls/${callId}` },
  { name: 'operations-page-dark', path: ({ callId }) => `/ui/calls/${callId}`, dark: true },
  { name: 'operations-page-phone', path: () => '/ui/calls', narrow: true },
  { name: 'operations-page-batch', path: ({ batchId }) => `/ui/batches/${batchId}` },
];

/** Photographs the operations page as a person sees it, with calls of every kind. */
export async function photographOperationsPage(
  place: Place,
  fileOf: (name: string) => string,
): Promise<void> {
  const ids = await prepare(place);
  const browser = await chromium.launch({ executablePath: findChromium(process.env) });
  try {
    for (const picture of pictures) {
      const page = await signedIn(browser, place, picture);
      await page.goto(`${place.api}${picture.path(ids)}`);
      await page.getByText('Live', { exact: true }).waitFor();
      await page.screenshot({ path: fileOf(picture.name), fullPage: false });
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
}

async function signedIn(browser: Browser, { api, token }: Place, { dark, narrow }: Picture): Promise<Page> {
  const page = await browser.newPage({
    viewport: narrow ? { width: 360, height: 800 } : { width: 1280, height: 860 },
    deviceScaleFactor: 2,
    colorScheme: dark ? 'dark' : 'light',
  });
  await page.goto(api);
  await page.getByLabel('token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor();
  return page;
}

/** A call that was tried twice and is planned for a third time, calls that wait, a batch, and changed limits. */
async function prepare({ api, token }: Place): Promise<Ids> {
  const send = async (method: string, path: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  const twiml = '<Response><Say>Your order is ready.</Say></Response>';
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  await send('PATCH', '/dialing/limits', { callsPerSecond: 20, callsInFlight: 50 });
  await send('POST', '/do-not-call', { to: '+15005551299', reason: 'asked us not to call' });
  const { callId = '' } = await send('POST', '/calls', {
    to: '+15005552486',
    twiml,
    metadata: { order: '4711' },
    retry: { maxAttempts: 3, retryOn: ['busy'], intervals: { busy: [2, 3600] } },
  });
  await send('POST', '/calls', { to: '+15005551201', twiml, notBefore: tomorrow });
  const { callId: paused = '' } = await send('POST', '/calls', {
    to: '+15005551202',
    twiml,
    notBefore: tomorrow,
  });
  const numbers = ['1210', '1211', '2486', '1212', '3480', '1213', '2487', '1214'];
  const { batchId = '' } = await send('POST', '/batches', {
    name: 'Appointments of Tuesday',
    window: 4,
    defaults: { twiml },
    calls: numbers.map((last) => ({ to: `+1500555${last}` })),
  });
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  await send('POST', `/calls/${paused}/pause`, { reason: 'the customer is on holiday' });
  return { callId, batchId };
}
