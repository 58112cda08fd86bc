import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { cacheDirectory } from '../../src/process/cacheDirectory.js';
import { freePort } from '../../src/process/freePort.js';
import { findTemporalCli } from '../../src/temporal/temporalCli.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { findChromium } from './chromium.js';

export const apiToken = 'the-token-of-this-run';
export const readToken = 'the-token-that-may-read';
export const callToken = 'the-token-that-may-call';
const tokens = [apiToken, `the reader:read:${readToken}`, `the caller:call:${callToken}`].join(',');

/** A page of the browser, with what does not show on the screen. */
export interface Visit {
  page: Page;
  /**
   * Console errors, exceptions, responses of 400 and above, and violations of the Content-Security-Policy.
   */
  complaints: string[];
  /** Every URL that the page requested. */
  requests: string[];
}

export interface BrowserBench {
  api: string;
  temporalUi: string;
  open(url: string, options?: BrowserContextOptions): Promise<Visit>;
  /** Opens a page of ringtrue with a session of this token. */
  signIn(path: string, token: string, options?: BrowserContextOptions): Promise<Visit>;
  /** Stops `ringtrue dev` and starts it again with its data; `meanwhile` is done in between. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  /** Sends a request to the API with the token that may do everything. */
  send(method: string, path: string, body?: object): Promise<Record<string, string>>;
  /** Places a call and waits until it is done. Returns the id of the call and of its run. */
  call(request: Record<string, unknown>): Promise<{ callId: string; runId: string }>;
}

/** Starts `ringtrue dev`, as a user does, and a browser. */
export function useBrowser(): BrowserBench {
  const bench = {} as BrowserBench;
  let ringtrue: RingtrueProcess | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    const executablePath = findChromium(process.env);
    const cli = await findTemporalCli({
      env: process.env,
      cacheDirectory: cacheDirectory(join(tmpdir(), 'ringtrue')),
      say: (sentence) => process.stderr.write(`${sentence}\n`),
    });
    const ports = await Promise.all([1, 2, 3].map(() => freePort('127.0.0.1')));
    const [port, temporal, ui] = ports.map(String) as [string, string, string];
    const start = () => new RingtrueProcess(['dev'], env);
    const env = {
      PORT: port,
      RINGTRUE_TEMPORAL_PORT: temporal,
      RINGTRUE_TEMPORAL_UI_PORT: ui,
      RINGTRUE_SIMULATOR_PORT: '0',
      RINGTRUE_API_TOKENS: tokens,
      TEMPORAL_CLI_PATH: cli.path,
      RINGTRUE_DATA_DIR: mkdtempSync(join(tmpdir(), 'ringtrue-browser-')),
    };
    ringtrue = start();
    await ringtrue.prints('Try:');
    bench.restart = async (meanwhile) => {
      await ringtrue?.stop();
      await meanwhile();
      ringtrue = start();
      await ringtrue.prints('Try:');
    };
    browser = await chromium.launch({ executablePath });
    Object.assign(bench, { api: `http://localhost:${port}`, temporalUi: `http://127.0.0.1:${ui}` });
  });
  afterAll(async () => {
    await browser?.close();
    await ringtrue?.stop();
  });

  bench.open = async (url, options = {}) => {
    if (browser === undefined) throw new Error('There is no browser yet.');
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const visit: Visit = { page, complaints: [], requests: [] };
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') visit.complaints.push(message.text());
    });
    page.on('pageerror', (error) => visit.complaints.push(String(error)));
    page.on('request', (request) => visit.requests.push(request.url()));
    page.on('requestfailed', (request) => {
      // Whoever leaves a page ends its stream.
      const isLeft =
        request.failure()?.errorText === 'net::ERR_ABORTED' && request.url().includes('/ui/live');
      if (!isLeft) visit.complaints.push(`not loaded: ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) visit.complaints.push(`${response.status()}: ${response.url()}`);
    });
    await page.goto(url);
    return visit;
  };
  bench.signIn = async (path, token, options) => {
    const visit = await bench.open(`${bench.api}/`, options);
    await visit.page.getByLabel('token').fill(token);
    await visit.page.getByRole('button', { name: 'Sign in' }).click();
    await visit.page.getByRole('navigation').waitFor();
    if (path !== '/') await visit.page.goto(`${bench.api}${path}`);
    return visit;
  };
  bench.send = async (method, path, body) => {
    const response = await fetch(`${bench.api}${path}`, {
      method,
      headers: { Authorization: `Bearer ${apiToken}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  bench.call = async (request) => {
    const headers = { Authorization: `Bearer ${apiToken}`, 'Content-Type': 'application/json' };
    const started = await fetch(`${bench.api}/calls`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ twiml: '<Response><Say>Hello</Say></Response>', ...request }),
    });
    const ids = (await started.json()) as { callId: string; runId: string };
    for (let state = ''; state !== 'done'; ) {
      const answer = await fetch(`${bench.api}/calls/${ids.callId}?wait=20`, { headers });
      ({ state } = (await answer.json()) as { state: string });
    }
    return ids;
  };
  return bench;
}
