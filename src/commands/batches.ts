import { openAsBlob } from 'node:fs';
import { access, constants as modes, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { extname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  Batch,
  BatchesApi,
  CsvBatchParameters,
  NewBatch,
  RedialQuery,
  StartedBatch,
} from '../client/ringtrue.js';
import { type ApiOptions, clientOf, UsageError } from '../terminal/apiOptions.js';
import { batchesTable, batchLine, batchSheet } from '../terminal/batchTable.js';
import { count } from '../terminal/count.js';
import { batchDryRunSheet } from '../terminal/dryRunSheet.js';
import { batchBar, ProgressBar } from '../terminal/live/progressBar.js';
import { print, printProgress } from '../terminal/print.js';
import { printCsv } from '../terminal/printCsv.js';
import { moreHint, type PageOptions, readPages } from '../terminal/readPages.js';
import { isTemporary } from '../terminal/retryWhenBusy.js';

interface StartOptions extends ApiOptions {
  defaults?: string;
  name?: string;
  window?: number;
  delimiter?: string;
  unique: boolean;
  skipFaultyRows: boolean;
  paused: boolean;
  dryRun: boolean;
  key?: string;
  wait: boolean;
}

/** `ringtrue batch start`. */
export async function startBatch(file: string, options: StartOptions): Promise<void> {
  const { batches } = clientOf(options);
  const { defaults, name, window, delimiter, key } = options;
  const parameters = {
    ...(name === undefined ? {} : { name }),
    ...(window === undefined ? {} : { window }),
    ...(options.paused ? { paused: true } : {}),
    ...(options.unique ? { unique: 'to' as const } : {}),
    ...(options.skipFaultyRows ? { skipFaultyRows: true } : {}),
  };
  const isJson = extname(file).toLowerCase() === '.json';
  if (isJson && delimiter !== undefined)
    throw new UsageError('--delimiter is given for a JSON file; only a CSV file has one');
  const csv = {
    ...parameters,
    ...(defaults === undefined ? {} : { defaults: parsed(defaults, '--defaults') }),
    // The API checks it.
    ...(delimiter === undefined ? {} : { delimiter: delimiter as CsvBatchParameters['delimiter'] }),
  };
  if (options.dryRun) {
    const preview = isJson
      ? await batches.dryRun({ ...(await jsonBatch(file, defaults)), ...parameters })
      : await batches.dryRunCsv(await openFile(file), csv);
    return print(options, preview, batchDryRunSheet(preview));
  }
  const started = isJson
    ? await batches.create({ ...(await jsonBatch(file, defaults)), ...parameters }, { idempotencyKey: key })
    : await batches.createFromCsv(await openFile(file), csv, { idempotencyKey: key });
  await show(batches, started, options);
}

/** `ringtrue redial`. */
export async function redial(
  options: ApiOptions & {
    batch?: string;
    outcome?: string;
    reachability?: string;
    to?: string;
    since?: string;
    until?: string;
    overrides?: string;
    name?: string;
    window?: number;
    skipFaultyRows: boolean;
    dryRun: boolean;
    key?: string;
    wait: boolean;
  },
): Promise<void> {
  const { json: _json, api: _api, token: _token, key, wait: _wait, dryRun, ...given } = options;
  const { skipFaultyRows, ...filters } = given;
  const body = {
    ...filters,
    ...(skipFaultyRows ? { skipFaultyRows } : {}),
    ...(filters.outcome && { outcome: filters.outcome.split(',') }),
    ...(filters.reachability && { reachability: filters.reachability.split(',') }),
    ...(filters.overrides && { overrides: parsed(filters.overrides, '--overrides') }),
  };
  const { batches, redials } = clientOf(options);
  // The API checks the words.
  const query = body as RedialQuery;
  if (!dryRun) return show(batches, await redials.create(query, { idempotencyKey: key }), options);
  const preview = await redials.dryRun(query);
  const { total, withoutRequest, leftOut, calls } = preview;
  const lines = [
    `${count(total, 'call')} would be dialed again.`,
    ...(withoutRequest > 0 ? [`${withoutRequest} more match, but their requests are not on record.`] : []),
    ...leftOut.map(({ calls: number, message }) => `${count(number, 'call')} left out: ${message}.`),
    ...calls.map(({ to, callId }) => `  ${to} after ${callId}`),
    ...(total > calls.length ? [`  and ${total - calls.length} more`] : []),
  ];
  print(options, preview, lines.join('\n'));
}

/** `ringtrue batch show`. */
export async function showBatch(batchId: string, options: ApiOptions & { wait: boolean }): Promise<void> {
  const { batches } = clientOf(options);
  const batch = options.wait ? await untilOver(batches, batchId) : await batches.get(batchId);
  print(options, batch, batchSheet(batch));
}

/** `ringtrue batch list`. */
export async function listBatches(options: ApiOptions & PageOptions): Promise<void> {
  const { batches } = clientOf(options);
  const page = await readPages('batches', options, 200, (at) => batches.page(at));
  print(options, page, `${batchesTable(page.batches)}${moreHint(page)}`);
}

/** `ringtrue batch pause`, `resume` and `cancel`. */
export async function controlBatch(
  batchId: string,
  what: 'pause' | 'resume' | 'cancel',
  options: ApiOptions & { reason?: string },
): Promise<void> {
  const { reason } = options;
  const batch = await clientOf(options).batches[what](batchId, { reason });
  print(options, batch, batchLine(batch));
}

/** `ringtrue batch results`: CSV, or with --json one row a line. */
export async function printResults(batchId: string, options: ApiOptions): Promise<void> {
  const { batches } = clientOf(options);
  if (!options.json) return printCsv(await batches.resultsCsv(batchId));
  for await (const row of batches.results(batchId)) process.stdout.write(`${JSON.stringify(row)}\n`);
}

/** The API checks it. */
async function jsonBatch(file: string, defaults: string | undefined): Promise<NewBatch> {
  const text = await readFile(file, 'utf8').catch(cannotRead(file));
  const content = parsed(text, file);
  const batch = Array.isArray(content) ? { calls: content } : content;
  return { ...batch, ...(defaults && { defaults: parsed(defaults, '--defaults') }) } as NewBatch;
}

/** `openAsBlob` does not say why it fails, so this checks first that the file can be read. */
async function openFile(file: string): Promise<Blob> {
  await access(file, modes.R_OK).catch(cannotRead(file));
  return openAsBlob(file, { type: 'text/csv' });
}

function cannotRead(file: string) {
  return (error: Error): never => {
    throw new UsageError(`${file} cannot be read: ${error.message}`);
  };
}

function parsed(text: string, what: string): object {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Handled below.
  }
  throw new UsageError(`${what} must hold a JSON object`);
}

async function show(
  batches: BatchesApi,
  started: StartedBatch,
  options: ApiOptions & { wait: boolean },
): Promise<void> {
  const { skipped, leftOut = [] } = started;
  if (!options.json)
    for (const { calls, message } of leftOut) printProgress(`${count(calls, 'call')} left out: ${message}.`);
  if (skipped !== undefined && !options.json) {
    printProgress(`${count(skipped.rows, 'row')} left out:`);
    for (const { row, path, message } of skipped.faults) printProgress(`  row ${row}: ${path} ${message}`);
  }
  if (options.wait) {
    const batch = await untilOver(batches, started.batchId);
    return print(options, batch, batchSheet(batch));
  }
  print(
    options,
    started,
    `${started.batchId}\n  ${count(started.total, 'call')}; \`ringtrue batch show ${started.batchId}\` shows how they turn out.`,
  );
}

/** Waits until every call of the batch has ended, and shows the progress on stderr. Ctrl-C leaves the batch running. */
async function untilOver(batches: BatchesApi, batchId: string): Promise<Batch> {
  printProgress(batchId);
  const bar = new ProgressBar(process.stderr);
  const leave = () => {
    bar.end();
    printProgress(
      `The batch goes on. To come back: ringtrue batch show ${batchId} --wait\nTo stop it: ringtrue batch cancel ${batchId}`,
    );
    process.exit(128 + constants.signals.SIGINT);
  };
  process.once('SIGINT', leave);
  try {
    for (;;) {
      const batch = await unlessAway(batches.get(batchId));
      if (batch === null) bar.show('The API gives no answer now; the batch goes on meanwhile.');
      else bar.show(bar.isLive ? batchBar(batch, bar.columns) : batchLine(batch));
      if (batch?.state === 'done' || batch?.state === 'canceled') return batch;
      await pause(1000);
    }
  } finally {
    process.off('SIGINT', leave);
    bar.end();
  }
}

/** Null if the API is away or busy. */
async function unlessAway<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isTemporary(error)) return null;
    throw error;
  }
}
