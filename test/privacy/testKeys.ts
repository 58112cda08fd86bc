import { randomBytes } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { EncryptionKey } from '../../src/encryption/encryptionKeys.js';
import { type PayloadEncryption, payloadEncryption } from '../../src/encryption/payloadEncryption.js';
import { Readiness } from '../../src/process/readiness.js';

export function newKey(id: string): EncryptionKey {
  return { id, key: randomBytes(32) };
}

export interface TestEncryption extends PayloadEncryption {
  readiness: Readiness;
  /** What was logged. */
  errors: unknown[][];
}

/** As a process with these keys encrypts. */
export function encryptionWith(...keys: EncryptionKey[]): TestEncryption {
  const readiness = new Readiness();
  const errors: unknown[][] = [];
  const log = { error: (...line: unknown[]) => void errors.push(line) };
  return { ...payloadEncryption(keys, { log, readiness, isWorker: true }), readiness, errors };
}

/** Everything that Temporal keeps of a workflow, as bytes: what it lists and describes, and each event. */
export async function bytesInTemporal({ client, workflowId }: WorkflowHandle): Promise<Buffer> {
  const { workflowService } = client.connection;
  const execution = { workflowId };
  const namespace = client.options.namespace;
  const { DescribeWorkflowExecutionResponse, GetWorkflowExecutionHistoryResponse } =
    proto.temporal.api.workflowservice.v1;
  const description = await workflowService.describeWorkflowExecution({ namespace, execution });
  const history = await workflowService.getWorkflowExecutionHistory({ namespace, execution });
  return Buffer.concat([
    DescribeWorkflowExecutionResponse.encode(description).finish(),
    GetWorkflowExecutionHistoryResponse.encode(history).finish(),
  ]);
}
