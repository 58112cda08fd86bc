import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The Chromium or Chrome of this machine: `RINGTRUE_CHROMIUM`, else what the PATH has. Throws what to do when there is none. */
export function findChromium(env: NodeJS.ProcessEnv): string {
  const configured = env.RINGTRUE_CHROMIUM;
  const onPath = (env.PATH ?? '').split(delimiter).flatMap((place) => names.map((name) => join(place, name)));
  const found = configured ? [configured].find(isExecutable) : [...onPath, ...elsewhere].find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    configured
      ? `RINGTRUE_CHROMIUM is ${configured}, where no program is; set it to a Chromium or Chrome, or unset it.`
      : 'The browser test needs a Chromium or Chrome, and none is on the PATH: install one (on Debian: apt-get install chromium), or set RINGTRUE_CHROMIUM to it.',
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
