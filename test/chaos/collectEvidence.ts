import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pg from 'pg';
import type { Attempt, CallOutcome, CallState } from '../../workflows/callOutcome.js';
import type { PlacedCall } from './client.js';
import type { Forged } from './forger.js';
import type { AppliedReset } from './operator.js';
import type { BadEnd } from './part.js';
import type { Stack } from './stack.js';

/** A call as Twilio made it: here the simulator, which no fault touches. */
export interface TwilioCall {
  sid: string;
  to: string;
  from: string;
  statusCallback: string | null;
  status: string;
  sipResponseCode: number | null;
  answeredBy: string | null;
  durationSeconds: number | null;
  createdAt: string;
  notifications: { code: number }[];
}

export interface CallRow {
  call_id: string;
  state: string;
  outcome: string | null;
  call_sid: string | null;
  document: CallOutcome | null;
}

export interface AttemptRow {
  call_id: string;
  number: number;
  call_sid: string | null;
  outcome: string | null;
  document: Attempt;
}

/** One row of the placement journal. */
export interface PlacementRow {
  call_id: string;
  attempt: number;
  placement: number;
  result: string | null;
  call_sid: string | null;
}

/** Everything that is known after a run, each part from its own source. */
export interface Evidence {
  placed: PlacedCall[];
  forged: Forged[];
  resets: AppliedReset[];
  badEnds: BadEnd[];
  twilio: TwilioCall[];
  calls: CallRow[];
  attempts: AttemptRow[];
  placements: PlacementRow[];
  /** By call id: the status of the workflow, and its result if it completed. */
  workflows: Record<string, { status: string; result: CallOutcome | null }>;
  /** By call id: what `GET /calls/{callId}` answers. */
  api: Record<string, CallState | null>;
}

/**
 * Waits until every accepted call is done in the store and no workflow runs. Returns false if that takes too
 * long.
 */
export async function allOver(stack: Stack, callIds: string[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  return withDatabase(stack, async (database) => {
    const temporal = new Client({ connection: Connection.lazy({ address: stack.temporalAddress }) });
    try {
      for (;;) {
        const { rows } = await database.query<{ done: number }>(
          "select count(*)::int as done from calls where state = 'done' and call_id = any($1)",
          [callIds],
        );
        const running = await temporal.workflow.count("ExecutionStatus = 'Running'").catch(() => null);
        if (rows[0]?.done === callIds.length && running?.count === 0) return true;
        if (Date.now() > deadline) return false;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    } finally {
      await temporal.connection.close();
    }
  });
}

/** Reads all sources after every call is over. */
export async function collectEvidence(
  stack: Stack,
  observed: Pick<Evidence, 'placed' | 'forged' | 'resets' | 'badEnds'>,
): Promise<Evidence> {
  const callIds = observed.placed.flatMap((call) => call.callIds);
  const book = await fetch(`${stack.simulatorUrl}/simulator/calls`);
  const { calls: twilio } = (await book.json()) as { calls: TwilioCall[] };
  const rows = await withDatabase(stack, async (database) => ({
    calls: (await database.query<CallRow>('select * from calls')).rows,
    attempts: (await database.query<AttemptRow>('select * from attempts order by call_id, number')).rows,
    placements: (
      await database.query<PlacementRow>('select * from placements order by call_id, attempt, placement')
    ).rows,
  }));
  const temporal = new Client({ connection: Connection.lazy({ address: stack.temporalAddress }) });
  try {
    const workflows: Evidence['workflows'] = {};
    const api: Evidence['api'] = {};
    for (const callId of callIds) {
      workflows[callId] = await endOf(temporal, callId);
      const answer = await fetch(`${stack.apiUrl}/calls/${callId}`).catch(() => null);
      api[callId] = answer?.status === 200 ? ((await answer.json()) as CallState) : null;
    }
    return { ...observed, twilio, ...rows, workflows, api };
  } finally {
    await temporal.connection.close();
  }
}

/** The history of a call as JSON, which the Temporal UI can import. */
export async function historyOf(stack: Stack, callId: string): Promise<string> {
  const temporal = new Client({ connection: Connection.lazy({ address: stack.temporalAddress }) });
  try {
    return historyToJSON(await temporal.workflow.getHandle(callId).fetchHistory());
  } catch (error) {
    return `There is no history: ${(error as Error).message}`;
  } finally {
    await temporal.connection.close();
  }
}

async function endOf(temporal: Client, callId: string) {
  const handle = temporal.workflow.getHandle(callId);
  try {
    const { status } = await handle.describe();
    const result = status.name === 'COMPLETED' ? ((await handle.result()) as CallOutcome) : null;
    return { status: status.name, result };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return { status: 'FAILED', result: null };
    return { status: (error as Error).message, result: null };
  }
}

async function withDatabase<T>(stack: Stack, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
