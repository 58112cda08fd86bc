import type { BulkAction } from '../../workflows/bulk/bulkProgress.js';
import type { CallRequest } from '../../workflows/callRequest.js';

/** What a call answered to a control. `message`: why it refused, or why nobody knows. */
export type ControlResult =
  | { kind: 'done'; message: null }
  | { kind: 'refused'; message: string }
  | { kind: 'failed'; message: string };

/** What batches and bulk operations do with the workflows of calls. Implemented in `src/`, where Temporal's client is. */
export interface CallStarter {
  /** Starts the workflow of a call. One that was ever started with this id is left alone. */
  start(call: {
    callId: string;
    request: CallRequest;
    batchId: string;
    /** The name of the token of the client that requested the batch. */
    requestedBy: string | null;
  }): Promise<void>;
  /** Was a workflow of this call started, as far as Temporal's retention reaches? */
  exists(callId: string): Promise<boolean>;
  /** Cancels a call; its record shows why and by whom. False if its workflow has ended, or there is none. */
  cancel(callId: string, why: { reason: string; by: string | null }): Promise<boolean>;
  /** Controls a call. Repeated with the same `requestId`, it is answered as the first time. Throws if Temporal is away. */
  control(request: {
    callId: string;
    action: BulkAction;
    input: { reason?: string; by?: string };
    requestId: string;
  }): Promise<ControlResult>;
  /** Null while the workflow of a call runs; otherwise how it ended, as text. */
  describeEnd(callId: string): Promise<string | null>;
}
