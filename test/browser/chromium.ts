import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The path of Chromium or Chrome: `RINGTRUE_CHROMIUM`, or the first one on the PATH. Throws what to do if
 * there is none.
 */
export function findChromium(env: NodeJS.ProcessEnv): string {
  const configured = env.RINGTRUE_CHROMIUM;
  const onPath = (env.PATH ?? '').split(delimiter).flatMap((place) => names.map((name) => join(place, name)));
  const found = configured ? [configured].find(isExecutable) : [...onPath, ...elsewhere].find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    configured
      ? `RINGTRUE_CHROMIUM is ${configured}, but no program is there. Set it to a Chromium or Chrome, or unset it.`
      : 'The browser test needs Chromium or Chrome, but none is on the PATH. Install one (on Debian: apt-get install chromium), or set RINGTRUE_CHROMIUM to it.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
