// `node countTests.mjs REPORT STATUS`: what a vitest run comes to, from its JSON report and its exit status.
// Prints passed, failed, skipped to stdout; names every failure on stderr.
import { readFileSync } from 'node:fs';

const [path, status] = process.argv.slice(2);
const files = readReport(path);
const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
const failures = tests
  .filter((test) => test.status === 'failed')
  .map((test) => `${relative(test.file)} > ${[...test.ancestorTitles, test.title].join(' > ')}`);
for (const file of files)
  if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
    failures.push(`${relative(file.name)} > could not be run, or failed outside of its tests`);
const passed = tests.filter((test) => test.status === 'passed').length;
if (failures.length === 0 && status !== '0') failures.push(`vitest itself ended with status ${status}`);
if (failures.length === 0 && passed === 0) failures.push('not one test was run');

if (failures.length > 0) console.error(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
console.log(passed, failures.length, tests.filter((test) => !/^(passed|failed)$/.test(test.status)).length);

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch {
    return [];
  }
}

function relative(file) {
  return file.replace(`${process.cwd()}/`, '');
}
