import { chromium } from 'playwright-core';
import { findChromium } from '../../browser/chromium.js';

const margin = 16;

/** Photographs the timeline of a run in Temporal's UI, as a person sees it. `run`: the address of the run. */
export async function photographRun(run: string, path: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: findChromium(process.env) });
  try {
    const page = await browser.newPage({
      viewport: { width: 1360, height: 1500 },
      deviceScaleFactor: 2,
      colorScheme: 'light',
    });
    await page.goto(`${run}/timeline`);
    await page.getByText('recordOutcome').first().waitFor();
    // Oldest first, as the call went.
    await page.getByRole('button', { name: 'Descending' }).click();
    // The UI moves its bars into place.
    await page.waitForTimeout(1500);
    const heading = await page.getByRole('heading', { name: 'Timeline' }).boundingBox();
    const download = await page.getByRole('button', { name: 'Download' }).boundingBox();
    // The scale below the bars.
    const scale = await Promise.all(
      (await page.getByText(/^(\d+s )?\d+ms$/).all()).map((label) => label.boundingBox()),
    );
    if (!heading || !download) throw new Error(`Temporal's UI shows no timeline at ${run}.`);
    const bottom = Math.max(...scale.map((label) => (label ? label.y + label.height : 0)));
    await page.screenshot({
      path,
      clip: {
        x: heading.x - margin,
        y: heading.y - margin,
        width: download.x + download.width - heading.x + 2 * margin,
        height: bottom - heading.y + 2 * margin,
      },
    });
  } finally {
    await browser.close();
  }
}
