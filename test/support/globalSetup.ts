import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { cacheDirectory } from '../../src/process/cacheDirectory.js';
import { freePort } from '../../src/process/freePort.js';
import { startDevServer } from '../../src/temporal/devServer.js';
import { findTemporalCli } from '../../src/temporal/temporalCli.js';
import { workflowBundle } from '../../src/worker/workflowBundle.js';
import { startPostgres } from './postgres.js';
import useRunDirectory from './useRunDirectory.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the Temporal dev server that all test files share, with time skipping allowed. */
    temporalAddress: string;
    /** The bundle of `workflows/index.ts`, for `Worker.create({ workflowBundle: { codePath } })`. */
    workflowBundlePath: string;
    /** The Temporal CLI, for tests that start servers of their own. */
    temporalCliPath: string;
    /** A real PostgreSQL that all test files share. */
    databaseUrl: string;
  }
}

/**
 * One Temporal dev server in memory, one PostgreSQL, one workflow bundle and one temporary directory for the
 * whole run. The servers end with vitest, even on SIGKILL.
 */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  // Kept from run to run: the Temporal CLI and the workflow bundle. Where `.cache` cannot be written, in the
  // temporary folder.
  const keepIn = cacheDirectory(join(tmpdir(), 'ringtrue-cache'));
  const removeRunDirectory = useRunDirectory();
  const say = (sentence: string) => process.stderr.write(`${sentence}\n`);
  const cli = await findTemporalCli({ env: process.env, cacheDirectory: keepIn, say });
  const server = await startDevServer({
    cliPath: cli.path,
    port: await freePort('127.0.0.1'),
    uiPort: null,
    namespace: 'default',
    stateFile: null,
    // Source: Temporal Server 1.32. Without the second one a skipped timer still costs about a second.
    dynamicConfig: {
      'frontend.WorkflowTimeSkippingEnabled': true,
      'history.timerProcessorMaxTimeShift': '10ms',
      // A deleted workflow is gone after a second or two instead of half a minute.
      'history.transferProcessorUpdateAckInterval': '1s',
      'history.timerProcessorUpdateAckInterval': '1s',
      'history.visibilityProcessorUpdateAckInterval': '1s',
    },
    say,
  });
  project.provide('temporalAddress', server.address);
  project.provide('temporalCliPath', cli.path);
  const postgres = await startPostgres();
  project.provide('databaseUrl', postgres.url);
  project.provide('workflowBundlePath', await workflowBundle(keepIn));
  return async () => {
    await server.stop();
    await postgres.stop();
    removeRunDirectory();
  };
}
