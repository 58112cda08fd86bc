import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callRequestSchema } from '../../activities/validation/callRequestSchema.js';
import { callExitStatus } from '../../src/commands/calls/callExitStatus.js';
import { environment } from '../../src/config/environment.js';
import { deciders, reachabilities } from '../../workflows/callOutcome.js';
import { outcomes } from '../../workflows/callRequest.js';
import { allPages, cellsOf, type Page, proseOf, root, sentencesOf, wordCount } from './pages.js';

const pages = allPages();
const pageNamed = (name: string) => pages.find((page) => page.name === name) as Page;

describe('language of the pages', () => {
  it.each(pages)('$name: no table cell has more than 30 words', (page) => {
    expect(cellsOf(page).filter((cell) => wordCount(cell) > 30)).toEqual([]);
  });

  it('README: no sentence has more than 30 words', () => {
    const sentences = sentencesOf(pageNamed('README.md'));
    expect(sentences.length).toBeGreaterThan(20);
    expect(sentences.filter((sentence) => wordCount(sentence) > 30)).toEqual([]);
  });

  it.each(pages)('$name: no sentence has more than 35 words', (page) => {
    expect(sentencesOf(page).filter((sentence) => wordCount(sentence) > 35)).toEqual([]);
  });

  it.each(pages)('$name: usual words and the terms of the glossary', (page) => {
    const strange = /\b(misspelt|whoever|anew|suppress\w*|steer\w*)\b/gi;
    expect(
      proseOf(page)
        .replaceAll(/`[^`]*`/g, '')
        .match(strange) ?? [],
    ).toEqual([]);
  });
});

describe('facts of the pages', () => {
  it('every variable that a page names is read', () => {
    const known = new Set([
      ...Object.keys(environment.shape),
      'RINGTRUE_API_URL',
      'RINGTRUE_API_TOKEN',
      'TEMPORAL_CLI_PATH',
      // Read where requests to Twilio are sent.
      'TWILIO_CA_BUNDLE',
      // Read by tests and the Compose file.
      'RINGTRUE_RECORD_HISTORIES',
      'RINGTRUE_RENEW_COSTS',
      'TEMPORAL_RETENTION',
    ]);
    const strange = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/\b(?:RINGTRUE|TWILIO|TEMPORAL)_[A-Z_]*[A-Z]\b/g)]
        .map(([variable]) => variable)
        .filter((variable) => !known.has(variable) && !temporalVariables.test(variable))
        .map((variable) => `${name}: ${variable}`),
    );
    expect(strange).toEqual([]);
  });

  it('docs/api.md has every field of a request, every outcome and where it may come from', () => {
    const { text } = pageNamed('docs/api.md');
    const names = [...Object.keys(callRequestSchema.shape), ...outcomes, ...deciders, ...reachabilities];
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('docs/commands.md has the exit status of every outcome', () => {
    const { text } = pageNamed('docs/commands.md');
    const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d+) \|$/gm)].map(([, outcome, status]) => [
      outcome,
      Number(status),
    ]);
    expect(rows).toEqual(outcomes.map((outcome) => [outcome, callExitStatus(outcome)]));
    const statuses = outcomes.map(callExitStatus);
    expect(new Set([...statuses, 1, 2]).size).toBe(outcomes.length + 2);
  });

  it('every metric that a page names exists', () => {
    const sources = [
      'src/api/http/apiMetrics.ts',
      'src/worker/workerMetrics.ts',
      'src/worker/watchBacklog.ts',
      'src/config/livePolicies.ts',
      'src/config/accounts/liveAccounts.ts',
    ]
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n');
    const named = pages.flatMap(({ text }) => text.match(/\bringtrue_[a-z_]+[a-z]\b/g) ?? []);
    expect(named.length).toBeGreaterThan(10);
    expect([...new Set(named)].filter((metric) => !sources.includes(metric))).toEqual([]);
  });
});

/** Those of Temporal's environment configuration, which its own library reads. */
const temporalVariables =
  /^TEMPORAL_(ADDRESS|NAMESPACE|API_KEY|PROFILE|CONFIG_FILE|TLS(_(CLIENT_(CERT|KEY)|SERVER_CA_CERT)_(PATH|DATA)|_SERVER_NAME)?)$/;
