import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, inject, it } from 'vitest';
import { freePort, isFree } from '../../src/process/freePort.js';
import { type DevServerOptions, startDevServer } from '../../src/temporal/devServer.js';
import { missingSearchAttributes } from '../../src/temporal/searchAttributes.js';
import { isAlive, until } from '../support/ringtrueProcess.js';

async function options(
  more: Partial<DevServerOptions> = {},
): Promise<DevServerOptions & { messages: string[] }> {
  const messages: string[] = [];
  return {
    cliPath: inject('temporalCliPath'),
    port: await freePort('127.0.0.1'),
    uiPort: null,
    namespace: 'default',
    stateFile: null,
    say: (sentence) => messages.push(sentence),
    messages,
    ...more,
  };
}

/** The process of the server itself, not of its guard. */
function serverPid(port: number): number {
  const found = execFileSync('ps', ['-eo', 'pid=,args=', '-ww'], { encoding: 'utf8' })
    .split('\n')
    .find((line) => line.includes(`--port ${port} `) && !line.includes('guard.sh'));
  return Number(found?.trim().split(' ')[0]);
}

async function startCall(address: string, workflowId: string): Promise<void> {
  const connection = await Connection.connect({ address });
  await new Client({ connection }).workflow.start('outboundCall', {
    workflowId,
    taskQueue: 'nobody',
    args: [{}],
  });
  await connection.close();
}

it('dev server started: serves every search attribute and the UI', async () => {
  const serverOptions = await options({ uiPort: await freePort('127.0.0.1') });
  const server = await startDevServer(serverOptions);
  const connection = await Connection.connect({ address: server.address });
  expect(await missingSearchAttributes(connection, 'default')).toEqual([]);
  await connection.close();
  expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
  await server.stop();
  expect(await isFree('127.0.0.1', serverOptions.port)).toBe(true);
});

it('the parent is killed with SIGKILL: the dev server ends too', async () => {
  const { cliPath, port } = await options();
  const program = `
    const { startDevServer } = await import(${JSON.stringify(new URL('../../src/temporal/devServer.ts', import.meta.url).href)});
    await startDevServer({ cliPath: ${JSON.stringify(cliPath)}, port: ${port}, uiPort: null, namespace: 'default', stateFile: null, say: console.log });
    console.log('up');
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(parent.stdout, 'data');
  const pid = serverPid(port);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !isAlive(pid));
});

it('the dev server dies: started again, with its data', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-server-'));
  const serverOptions = await options({ stateFile: join(directory, 'temporal.sqlite') });
  const server = await startDevServer(serverOptions);
  await startCall(server.address, 'call-before');
  process.kill(serverPid(serverOptions.port), 'SIGKILL');
  await until(() => serverOptions.messages.some((sentence) => sentence.includes('is back')));
  const connection = await Connection.connect({ address: server.address });
  const { status } = await new Client({ connection }).workflow.getHandle('call-before').describe();
  expect(status.name).toBe('RUNNING');
  await connection.close();
  await server.stop();
  expect(await isFree('127.0.0.1', serverOptions.port)).toBe(true);
});

it('the port of the dev server is in use: says which port and what to do', async () => {
  const serverOptions = await options();
  const other = createServer().listen(serverOptions.port, '127.0.0.1');
  await once(other, 'listening');
  await expect(startDevServer(serverOptions)).rejects.toThrow(
    `Port ${serverOptions.port} is in use, so the Temporal dev server cannot listen there: stop what listens on it, or set RINGTRUE_TEMPORAL_PORT`,
  );
  other.close();
});

it('the executable is not a Temporal CLI: shows its last output', async () => {
  await expect(startDevServer(await options({ cliPath: '/bin/ls' }))).rejects.toThrow(
    /did not start\. Its last output:\n.+/,
  );
});
