import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { callWorkflowType } from '../temporal/startCallWorkflow.js';

type WorkflowInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo;

/** A run of a workflow in Temporal. */
export interface WorkflowRun {
  workflowId: string;
  runId: string;
  isCall: boolean;
  /** A call or a batch that is not over. */
  isRunning: boolean;
}

type RunKey = Pick<WorkflowRun, 'workflowId' | 'runId'>;

const answersWithinMs = 10_000;
/** Ids that one query names. */
const idsPerQuery = 50;
/** Source: gRPC status codes. */
const notFound = 5;

/**
 * The runs of workflows that have a number: those whose search attribute has it in one of these forms, those with these ids,
 * and what they have started. Reads nothing encrypted. Throws errors of Temporal.
 */
export async function findRuns(
  temporal: Client,
  traces: { forms: readonly string[]; workflowIds: readonly string[] },
): Promise<WorkflowRun[]> {
  const found = new Map<string, WorkflowRun>();
  const add = (infos: WorkflowInfo[]) => {
    for (const info of infos) {
      const run = runOf(info);
      found.set(`${run.workflowId} ${run.runId}`, run);
    }
  };
  add(await list(temporal, `RingtrueTo IN (${quoted(traces.forms)})`));
  // Visibility may lag, and queries take no id with a quote: each id is looked at as well.
  for (const workflowId of traces.workflowIds) {
    const info = await describe(temporal, { workflowId });
    if (info) add([info]);
  }
  const known = new Set([...traces.workflowIds, ...[...found.values()].map(({ workflowId }) => workflowId)]);
  const ids = [...known].filter((id) => !/['"\\]/.test(id));
  for (let at = 0; at < ids.length; at += idsPerQuery) {
    const names = quoted(ids.slice(at, at + idsPerQuery));
    add(await list(temporal, `WorkflowId IN (${names})`));
    add(await list(temporal, `ParentWorkflowId IN (${names})`));
  }
  return [...found.values()];
}

/** Deletes a run with its history. Temporal does that some time later. */
export async function deleteRun(temporal: Client, { workflowId, runId }: RunKey): Promise<void> {
  const workflowExecution = { workflowId, runId };
  const { namespace } = temporal.options;
  await ifFound(
    within(temporal, () =>
      temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution }),
    ),
  );
}

/** Does Temporal still have this run? */
export async function isThere(temporal: Client, { workflowId, runId }: RunKey): Promise<boolean> {
  return (await describe(temporal, { workflowId, runId })) !== null;
}

async function describe(
  temporal: Client,
  execution: { workflowId: string; runId?: string },
): Promise<WorkflowInfo | null> {
  const { namespace } = temporal.options;
  const answer = await ifFound(
    within(temporal, () => temporal.workflowService.describeWorkflowExecution({ namespace, execution })),
  );
  return answer?.workflowExecutionInfo ?? null;
}

async function list(temporal: Client, query: string): Promise<WorkflowInfo[]> {
  const { namespace } = temporal.options;
  const infos: WorkflowInfo[] = [];
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const request = { namespace, query, pageSize: 1000, ...(nextPageToken ? { nextPageToken } : {}) };
    const page = await within(temporal, () => temporal.workflowService.listWorkflowExecutions(request));
    infos.push(...page.executions);
    nextPageToken = page.nextPageToken;
  } while (nextPageToken && nextPageToken.length > 0);
  return infos;
}

function runOf({ execution, type, closeTime }: WorkflowInfo): WorkflowRun {
  const isCall = type?.name === callWorkflowType;
  const isOver = closeTime !== null && closeTime !== undefined;
  return {
    workflowId: execution?.workflowId ?? '',
    runId: execution?.runId ?? '',
    isCall,
    // A notification that is still being posted is deleted, too.
    isRunning: !isOver && (isCall || type?.name === 'callBatch'),
  };
}

function within<T>(temporal: Client, work: () => Promise<T>): Promise<T> {
  return temporal.withDeadline(Date.now() + answersWithinMs, work);
}

async function ifFound<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === notFound) return null;
    throw error;
  }
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `'${text}'`).join(', ');
}
