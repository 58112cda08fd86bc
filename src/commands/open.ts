import { spawn } from 'node:child_process';
import { type ApiOptions, addressOf } from '../terminal/apiOptions.js';
import { print, printProgress } from '../terminal/print.js';

/** The program that opens an address in the browser, by Node's `process.platform`. */
const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };

/** `ringtrue open`: prints the address of the operations page. In a terminal, opens it in the browser too. */
export async function openPage(options: ApiOptions): Promise<void> {
  const url = `${addressOf(options.api)}/`;
  print(options, { url }, url);
  if (!process.stdout.isTTY || options.json) return;
  const opener = openers[process.platform] ?? 'xdg-open';
  if (!(await starts(opener, url)))
    printProgress(`${opener} opened no browser. Open the address in a browser yourself.`);
}

function starts(program: string, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [url], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    // The explorer of Windows ends with 1 always.
    child.once('exit', (status) => resolve(status === 0 || process.platform === 'win32'));
    // A browser that it starts may stay in the foreground.
    setTimeout(() => {
      child.unref();
      resolve(true);
    }, 2_000).unref();
  });
}
