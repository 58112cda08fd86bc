import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** A checkout with nothing installed, and an `npm` that does what it is told here. */
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

it('nothing is installed: `npm ci` first, said so, then the command, whose status is ours', () => {
  const { run } = checkout(installs);
  const { status, stderr, stdout } = run('sh', '-c', 'cat asked; exit 7');
  expect(stderr).toContain('installing dependencies with `npm ci`');
  expect(stdout).toMatch(/^ci /);
  expect(status).toBe(7);
});

it('everything is installed: nothing is said, the command runs at once', () => {
  const { run } = checkout(installs);
  run('true');
  expect(run('sh', '-c', 'wc -l < asked')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^\s*1\n$/),
  });
});

it('the lock file is newer than what is installed: installed again', () => {
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

it('`npm ci` fails: its last words, and status 1', () => {
  const { run } = checkout('echo "npm error code ENOTFOUND" >&2; exit 1');
  const { status, stderr } = run('true');
  expect(status).toBe(1);
  expect(stderr).toMatch(/`npm ci` failed\. Its last words:\nnpm error code ENOTFOUND\nCheck the network/);
});

it('Node is too old: said which is needed and which this is, and nothing is installed', () => {
  const { run } = checkout(installs, '>=99.1');
  const { status, stderr } = run('true');
  expect(status).toBe(1);
  expect(stderr).toContain(`ringtrue needs Node >=99.1, and this is ${process.version}`);
});
