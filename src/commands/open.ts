import { spawn } from 'node:child_process';
import { type ApiOptions, addressOf } from '../terminal/apiOptions.js';
import { print, printProgress } from '../terminal/print.js';

/** The program that opens an address in the browser, by Node's `process.platform`. */
const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', linux: 'xdg-open' };

/** `ringtrue open`: prints the address of the page, and opens it in a browser if there is one. */
export async function openPage(options: ApiOptions): Promise<void> {
  const url = `${addressOf(options)}/`;
  print(options, { url }, url);
  const opener = openers[process.platform];
  if (opener === undefined || !(await starts(opener, url)))
    printProgress('No browser could be opened. Open the address yourself.');
}

function starts(program: string, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [url], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
    // A browser that it starts may stay in the foreground.
    setTimeout(() => {
      child.unref();
      resolve(true);
    }, 2_000).unref();
  });
}
