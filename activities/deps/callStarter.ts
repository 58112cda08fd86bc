import type { CallRequest } from '../../workflows/callRequest.js';

/** What a batch does with the workflows of its calls. Implemented in `src/`, where Temporal's client is. */
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
  /** Null while the workflow of a call runs; otherwise how it ended, as text. */
  describeEnd(callId: string): Promise<string | null>;
}
