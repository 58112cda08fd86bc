import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { packageRoot } from '../process/packageRoot.js';
import { stopSignal, whenAborted } from '../process/stopSignal.js';
import { type ApiOptions, clientOf } from '../terminal/apiOptions.js';
import { createMcpServer } from './mcpServer.js';

/** `ringtrue mcp`: serves the tools on stdin and stdout. Returns after a stop signal, or when stdin ends. */
export async function runMcp(options: Pick<ApiOptions, 'api' | 'token'>): Promise<void> {
  const ringtrue = clientOf(options, { maxRetries: 3 });
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  const server = createMcpServer(ringtrue, version);
  const ended = new Promise<void>((resolve) => process.stdin.once('end', resolve).once('close', resolve));
  await server.connect(new StdioServerTransport());
  process.stderr.write('ringtrue mcp: serving the Model Context Protocol on stdin and stdout.\n');
  await Promise.race([whenAborted(stopSignal()), ended]);
  await server.close();
}
