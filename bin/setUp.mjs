// Sets up a checkout, then runs a command in it: `node bin/setUp.mjs COMMAND [ARGUMENT…]`.
// Nothing may be installed when this starts, so it imports nothing but Node.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onceNpmIsGone } from './onceNpmIsGone.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node;

checkNode();
if (!isInstalled()) install();
linkOwnCommand();
await runCommand(process.argv.slice(2));

/** `engines.node` is `>=MAJOR.MINOR`. */
function checkNode() {
  const [major, minor] = wanted.replace('>=', '').split('.').map(Number);
  const [hasMajor, hasMinor] = process.versions.node.split('.').map(Number);
  if (hasMajor > major || (hasMajor === major && hasMinor >= minor)) return;
  fail(
    `ringtrue needs Node ${wanted}, and this is ${process.version} (${process.execPath}). Install a newer Node (https://nodejs.org), then run this again.`,
  );
}

/** npm writes its own lock file into `node_modules` once everything is installed. */
function isInstalled() {
  const installed = join(modules, '.package-lock.json');
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

function install() {
  console.error('ringtrue: installing dependencies with `npm ci`. This takes a minute, the first time only.');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (npm.status === 0) return;
  const output = `${npm.stdout ?? ''}${npm.stderr ?? ''}`.trimEnd().split('\n').slice(-20).join('\n');
  fail(
    `ringtrue: \`npm ci\` failed${npm.error ? ` (${npm.error.message})` : ''}. Its last output:\n${output}\n` +
      'Check the network and the npm registry, then run this again.',
  );
}

/** Makes `npx ringtrue` work in a checkout: npm links the commands of dependencies, but not a project's own. */
function linkOwnCommand() {
  const link = join(modules, '.bin', 'ringtrue');
  if (existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'bin', 'ringtrue.js'), link);
}

async function runCommand([command, ...args]) {
  if (command === undefined) return;
  if (command === 'ringtrue') {
    // In this process: a second process in between would have to pass signals on.
    process.argv = [process.execPath, join(root, 'bin', 'ringtrue.js'), ...args];
    await import('./ringtrue.js');
    return;
  }
  const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(command, args, { stdio: 'inherit', env });
  // A terminal sends SIGINT to the child too. What only this process gets is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  onceNpmIsGone(() => child.kill('SIGTERM'));
  child.once('error', (error) => fail(`ringtrue: ${command} cannot be run: ${error.message}`));
  child.once('exit', (status, signal) => {
    process.exitCode = status ?? 128 + constants.signals[signal];
  });
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
