import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/process/freePort.js';
import { findTemporalCli } from '../../src/temporal/temporalCli.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const tool = (name: string) => join(root, 'node_modules', '.bin', name);

/** The packed package, and a project that has installed it and nothing else. */
let tarball: string;
let project: string;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringtrue-package-'));
  project = mkdtempSync(join(tmpdir(), 'ringtrue-project-'));
  const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
  tarball = join(folder, packed.stdout.trim().split('\n').at(-1) ?? '');
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  await inProject('npm', ['install', tarball, '--no-audit', '--no-fund', '--prefer-offline']);
});

function inProject(command: string, args: string[], env: Record<string, string> = {}) {
  const { NODE_OPTIONS: _options, ...others } = process.env;
  return run(command, args, { cwd: project, env: { ...others, ...env }, maxBuffer: 1 << 24 });
}

describe.concurrent('the package', () => {
  it('`npx ringtrue demo --exit`: every call ends as expected', async () => {
    const ports = await Promise.all([1, 2, 3, 4].map(() => freePort('127.0.0.1')));
    const [PORT, temporal, ui, simulator] = ports.map(String) as [string, string, string, string];
    const say = () => {};
    const cli = await findTemporalCli({ env: process.env, cacheDirectory: join(root, '.cache'), say });
    const { stdout } = await inProject('npx', ['ringtrue', 'demo', '--exit'], {
      PORT,
      RINGTRUE_TEMPORAL_PORT: temporal,
      RINGTRUE_TEMPORAL_UI_PORT: ui,
      RINGTRUE_SIMULATOR_PORT: simulator,
      TEMPORAL_CLI_PATH: cli.path,
    });
    expect(stdout).toMatch(/\n\+15009020000 +answered +reachable +webhook /);
    const { stdout: help } = await inProject('npx', ['ringtrue', '--help']);
    expect(help).toContain('Places phone calls through Twilio');
  });

  it('client and simulator: the compiler takes their types, and they run without a loader', async () => {
    writeFileSync(
      join(project, 'use.ts'),
      `
      import { type CallOutcome, ProblemError, Ringtrue, webhooks } from 'ringtrue/client';
      import { numbers, startSimulator } from 'ringtrue/testing';

      const simulator = await startSimulator({ speed: 100 });
      simulator.behave('+4930901820', 'busy');
      const headers = webhooks.sign('whsec_' + 'AAAA'.repeat(10), '{"type":"call.ended"}');
      const notification = webhooks.verify('whsec_' + 'AAAA'.repeat(10), headers, '{"type":"call.ended"}');
      const ringtrue = new Ringtrue({ baseUrl: simulator.url, token: 'a' });
      const failed = await ringtrue.calls
        .create({ to: numbers.busy, twiml: '<Response/>' })
        .then(() => null, (error: unknown) => error);
      const status: number | null = failed instanceof ProblemError ? failed.status : null;
      const isBusy = ({ outcome }: CallOutcome): boolean => outcome === 'busy' || outcome === 'of a later version';
      console.log(JSON.stringify([notification.type, status, typeof isBusy, simulator.calls().length]));
      await simulator.stop();
      const loaded = Object.keys(process.getBuiltinModule('module')._cache ?? {});
      console.log(loaded.filter((file) => /\\btsx\\b/.test(file)).length);
      `.replace('process.getBuiltinModule', '(globalThis as any).process.getBuiltinModule'),
    );
    const options = ['--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--types', ''];
    const modules = ['--module', 'nodenext', '--moduleResolution', 'nodenext'];
    await inProject(tool('tsc'), ['use.ts', ...options, ...modules, '--skipLibCheck', 'false']).catch(fail);
    const { stdout } = await inProject(process.execPath, ['use.js']);
    expect(stdout).toBe('["call.ended",401,"function",0]\n0\n');
  });

  it('workflows and activities: another worker bundles them', async () => {
    writeFileSync(
      join(project, 'worker.mjs'),
      `
      import { fileURLToPath } from 'node:url';
      import { bundleWorkflowCode } from '@temporalio/worker';
      import { createActivities, openStore } from 'ringtrue/activities';
      const workflowsPath = fileURLToPath(import.meta.resolve('ringtrue/workflows'));
      const { code } = await bundleWorkflowCode({ workflowsPath });
      console.log(code.includes('outboundCall'), typeof createActivities, typeof openStore);
      process.exit();
      `,
    );
    const { stdout } = await inProject(process.execPath, ['worker.mjs']);
    expect(stdout).toContain('true function function\n');
  });

  it('publint and attw: nothing to say about the exports', async () => {
    await run(tool('publint'), ['run', tarball, '--strict'], { cwd: root }).catch(fail);
    await run(tool('attw'), [tarball, '--profile', 'esm-only'], { cwd: root }).catch(fail);
  });
});

/** A tool's output says more than its status. */
function fail({ stdout, stderr }: { stdout: string; stderr: string }): never {
  throw new Error(`${stdout}\n${stderr}`);
}
