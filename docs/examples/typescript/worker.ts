// Runs one of the workflows beside this file: npx tsx worker.ts confirmBooking '{"id":"…","number":"+1…"}'
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';

const [type = '', ...args] = process.argv.slice(2);
const file = type === 'confirmBooking' ? 'childWorkflow.ts' : 'nexusWorkflow.ts';
const connection = await NativeConnection.connect({
  address: process.env.TEMPORAL_ADDRESS ?? 'localhost:7233',
});
const namespace = process.env.TEMPORAL_NAMESPACE ?? 'default';
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: 'bookings',
  workflowsPath: fileURLToPath(new URL(file, import.meta.url)),
});
const { workflow } = new Client({ connection, namespace });
const result = await worker.runUntil(
  workflow.execute(type, {
    workflowId: `${type}-${crypto.randomUUID()}`,
    taskQueue: 'bookings',
    args: args.map((text) => (text.startsWith('{') ? JSON.parse(text) : text)),
  }),
);
console.log(result);
await connection.close();
