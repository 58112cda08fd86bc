// `node countTests.mjs REPORT STATUS` counts the tests of a vitest run by its JSON report and exit status.
// Prints the numbers of passed, failed and skipped tests to stdout, and every failure to stderr.
import { readFileSync } from 'node:fs';

const [path, status] = process.argv.slice(2);
const files = readReport(path);
const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
const failures = tests
  .filter((test) => test.status === 'failed')
  .map((test) => `${relative(test.file)} > ${[...test.ancestorTitles, test.title].join(' > ')}`);
for (const file of files)
  if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
    failures.push(`${relative(file.name)} > did not run, or failed outside its tests`);
const passed = tests.filter((test) => test.status === 'passed').length;
if (failures.length === 0 && status !== '0') failures.push(`vitest ended with status ${status}`);
if (failures.length === 0 && passed === 0) failures.push('no test ran');

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
