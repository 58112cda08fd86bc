import type { WorkflowHandle } from '@temporalio/client';
import { type ActionKind, billableActions, type HistoryEvents, sumOf } from './billableActions.js';

/** What one call costs, whatever machine it runs on. */
export interface HistoryCost {
  events: number;
  /**
   * As the Temporal server counts them, without the names of processes and hosts, which differ from machine
   * to machine.
   */
  bytes: number;
  /** Billable actions on Temporal Cloud. */
  actions: number;
  actionsOf: Partial<Record<ActionKind, number>>;
}

/** Reads the costs of a workflow that is over. */
export async function historyCost(handle: WorkflowHandle): Promise<HistoryCost> {
  const [{ events }, description] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  const history = events ?? [];
  const actionsOf = billableActions(history);
  return {
    events: history.length,
    bytes: (description.historySize ?? 0) - bytesOfIdentities(history),
    actions: sumOf(actionsOf),
    actionsOf,
  };
}

/** Bytes that the identities of clients and workers take up in a history. */
export function bytesOfIdentities(history: HistoryEvents): number {
  const identities = new Set<string>();
  visitStrings(history, (text, key) => {
    if (key === 'identity' && text !== '') identities.add(text);
  });
  let bytes = 0;
  visitStrings(history, (text) => {
    // The name of a sticky task queue begins with its worker's identity.
    for (const identity of identities) if (text.startsWith(identity)) bytes += identity.length;
  });
  return bytes;
}

function visitStrings(value: unknown, visit: (text: string, key: string) => void, key = ''): void {
  if (typeof value === 'string') visit(value, key);
  else if (value instanceof Uint8Array) return;
  else if (Array.isArray(value)) for (const item of value) visitStrings(item, visit, key);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) visitStrings(inner, visit, name);
}
