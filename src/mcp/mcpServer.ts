import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { Ringtrue } from '../client/ringtrue.js';
import { hintOf } from '../process/exitStatus.js';
import { cancelCall } from './cancelCall.js';
import { explainCall } from './explainCall.js';
import { getCall } from './getCall.js';
import { listCalls } from './listCalls.js';
import { placeCall } from './placeCall.js';
import type { Tool } from './tool.js';
import { waitForOutcome } from './waitForOutcome.js';

const tools: readonly Tool[] = [placeCall, waitForOutcome, getCall, listCalls, cancelCall, explainCall];

const instructions =
  'ringtrue places real phone calls. Use place_call with dryRun first, then without, then wait_for_outcome until done is true. A repeat of place_call with the same arguments never rings twice. If a call does not ring, explain_call says why.';

/** Codes of JSON-RPC. */
const unknownTool = -32602;

/** The MCP server, not yet connected. Its tools use this client. */
export function createMcpServer(ringtrue: Ringtrue, version: string): McpServer {
  const mcp = new McpServer({ name: 'ringtrue', version }, { capabilities: { tools: {} }, instructions });
  // Not `registerTool`: the schemas here come from those of the API, and are JSON Schema already.
  const { server } = mcp;
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ run: _run, ...tool }) => tool),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (tool === undefined)
      throw new McpError(
        unknownTool,
        `There is no tool ${params.name}; must be one of ${tools.map(({ name }) => name).join(', ')}`,
      );
    const progressToken = params._meta?.progressToken;
    let progress = 0;
    const report = (message: string) => {
      if (progressToken === undefined) return;
      // A client that is gone needs no progress.
      void sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress: ++progress, message },
      }).catch(() => {});
    };
    try {
      const { message, data } = await tool.run(params.arguments ?? {}, { ringtrue, signal, report });
      return result(message, data);
    } catch (error) {
      if (signal.aborted) throw error;
      return toolError(error);
    }
  });
  return mcp;
}

/** The sentence for people, and the data as JSON for clients that read no structured content. */
function result(message: string, data: Record<string, unknown>): CallToolResult {
  return {
    content: [
      { type: 'text', text: message },
      { type: 'text', text: JSON.stringify(data) },
    ],
    structuredContent: data,
  };
}

function toolError(error: unknown): CallToolResult {
  const known = error instanceof Error ? error : new Error(String(error));
  return { isError: true, content: [{ type: 'text', text: `${known.message}${hintOf(known)}` }] };
}
