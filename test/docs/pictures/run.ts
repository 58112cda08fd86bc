import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../../src/process/cacheDirectory.js';
import { findTemporalCli } from '../../../src/temporal/temporalCli.js';
import { RingtrueProcess } from '../../support/ringtrueProcess.js';
import { demoPicture, demoRows } from './demoPicture.js';
import { photographOperationsPage } from './operationsPagePictures.js';
import { photographRun } from './temporalPicture.js';

// `npm run pictures`: the pictures of the README and of docs/, from a real run of `ringtrue demo`. Needs Chromium.

const picture = (name: string) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));
const say = (sentence: string) => process.stderr.write(`${sentence}\n`);

const cli = await findTemporalCli({ env: process.env, cacheDirectory: cacheDirectory(tmpdir()), say });
const token = 'the-token-of-the-pictures';
const demo = new RingtrueProcess(['demo'], {
  RINGTRUE_DATA_DIR: mkdtempSync(join(tmpdir(), 'ringtrue-pictures-')),
  TEMPORAL_CLI_PATH: cli.path,
  RINGTRUE_API_TOKENS: `Jane:admin:${token}`,
});
try {
  await demo.prints('Everything keeps running');
  writeFileSync(picture('demo.svg'), demoPicture(demoRows(demo.stdout)));
  const run = /^ +(http\S+)\/timeline$/m.exec(demo.stdout)?.[1];
  if (run === undefined) throw new Error(`The demo named no run in Temporal's UI:\n${demo.stdout}`);
  await photographRun(run, picture('temporal.png'));
  const api = /^ +API +(http\S+)$/m.exec(demo.stdout)?.[1];
  if (api === undefined) throw new Error(`The demo named no API:\n${demo.stdout}`);
  await photographOperationsPage({ api, token }, (name) => picture(`${name}.png`));
  say('docs/demo.svg, docs/temporal.png and docs/operations-page*.png are written.');
} finally {
  await demo.stop();
}
