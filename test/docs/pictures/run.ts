import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../../src/process/cacheDirectory.js';
import { findTemporalCli } from '../../../src/temporal/temporalCli.js';
import { RingtrueProcess } from '../../support/ringtrueProcess.js';
import { demoPicture, demoRows } from './demoPicture.js';
import { photographRun } from './temporalPicture.js';

// `npm run pictures`: the pictures of the README, from a real run of `ringtrue demo`. Needs Chromium.

const picture = (name: string) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));
const say = (sentence: string) => process.stderr.write(`${sentence}\n`);

const cli = await findTemporalCli({ env: process.env, cacheDirectory: cacheDirectory(tmpdir()), say });
const demo = new RingtrueProcess(['demo'], {
  RINGTRUE_DATA_DIR: mkdtempSync(join(tmpdir(), 'ringtrue-pictures-')),
  TEMPORAL_CLI_PATH: cli.path,
});
try {
  await demo.prints('Everything goes on running');
  writeFileSync(picture('demo.svg'), demoPicture(demoRows(demo.stdout)));
  const run = /^ +(http\S+)\/timeline$/m.exec(demo.stdout)?.[1];
  if (run === undefined) throw new Error(`The demo named no run in Temporal's UI:\n${demo.stdout}`);
  await photographRun(run, picture('temporal.png'));
  say('docs/demo.svg and docs/temporal.png are written.');
} finally {
  await demo.stop();
}
