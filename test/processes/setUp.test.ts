import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../support/ringtrueProcess.js';

/** A checkout with nothing installed, and an `npm` that runs this script. */
function checkout(npm: string, engines = '>=20.19') {
  const root = mkdtempSync(join(tmpdir(), 'ringtrue-checkout-'));
  cpSync(new URL('../../bin', import.meta.url), join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ engines: { node: engines } }));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  mkdirSync(join(root, 'path'));
  const path = join(root, 'path', 'npm');
  writeFileSync(path, `#!/bin/sh\n${npm}\n`);
  chmodSync(path, 0o755);
  return {
    root,
    run: (...command: string[]) =>
      spawnSync(process.execPath, [join(root, 'bin', 'setUp.mjs'), ...command], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH: `${join(root, 'path')}:/usr/bin:/bin` },
      }),
  };
}

const installs = 'echo "$@" >> asked; mkdir -p node_modules/.bin && touch node_modules/.package-lock.json';

it('nothing is installed: runs `npm ci`, then the command, and exits with its status', () => {
  const { run } = checkout(installs);
  const { status, stderr, stdout } = run('sh', '-c', 'cat asked; exit 7');
  expect(stderr).toContain('installing dependencies with `npm ci`');
  expect(stdout).toMatch(/^ci /);
  expect(status).toBe(7);
});

it('everything is installed: runs the command at once, without output', () => {
  const { run } = checkout(installs);
  run('true');
  expect(run('sh', '-c', 'wc -l < asked')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^\s*1\n$/),
  });
});

it('the lock file is newer than the installation: installs again', () => {
  const { run, root } = checkout(installs);
  run('true');
  spawnSync('touch', ['-d', '2040-01-01T00:00:00Z', join(root, 'package-lock.json')]);
  expect(run('true').stderr).toContain('npm ci');
});

it('after set-up `npx ringtrue` finds the command of the checkout itself', () => {
  const { run, root } = checkout(installs);
  run('true');
  expect(readlinkSync(join(root, 'node_modules', '.bin', 'ringtrue'))).toBe('../../bin/ringtrue.js');
});

it('`npm ci` fails: its last output, and status 1', () => {
  const { run } = checkout('echo "npm error code ENOTFOUND" >&2; exit 1');
  const { status, stderr } = run('true');
  expect(status).toBe(1);
  expect(stderr).toMatch(/`npm ci` failed\. Its last output:\nnpm error code ENOTFOUND\nCheck the network/);
});

it('Node is too old: names the needed version and this one, and installs nothing', () => {
  const { run } = checkout(installs, '>=99.1');
  const { status, stderr } = run('true');
  expect(status).toBe(1);
  expect(stderr).toContain(`ringtrue needs Node >=99.1, and this is ${process.version}`);
});

it('npm is killed: the command that it started ends too', async () => {
  const { root, run } = checkout(installs);
  run('true');
  // `npm start` is a shell that waits for the command.
  const script = `"${process.execPath}" bin/setUp.mjs sh -c 'echo $$; exec sleep 60' & wait`;
  const npm = spawn('sh', ['-c', script], {
    cwd: root,
    env: { PATH: '/usr/bin:/bin', npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  npm.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await until(() => output.endsWith('\n'));
  const isAlive = () => spawnSync('kill', ['-0', output.trim()]).status === 0;
  expect(isAlive()).toBe(true);
  npm.kill('SIGKILL');
  await until(() => !isAlive());
});
