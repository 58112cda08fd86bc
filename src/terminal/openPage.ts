import { spawn } from 'node:child_process';
import { type ApiOptions, addressOf } from './apiOptions.js';

const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };

/** `ringtrue open`: prints the address of the operations page. In a terminal, opens it in the browser too. */
export function openPage(options: ApiOptions): void {
  const page = `${addressOf(options.api).replace(/\/+$/, '')}/`;
  process.stdout.write(options.json ? `${JSON.stringify({ url: page })}\n` : `${page}\n`);
  if (!process.stdout.isTTY || options.json) return;
  const opener = openers[process.platform] ?? 'xdg-open';
  const browser = spawn(opener, [page], { stdio: 'ignore', detached: true });
  browser.on('error', () =>
    process.stderr.write(`${opener} cannot be started. Open the address in a browser yourself.\n`),
  );
  browser.unref();
}
