import { proxySinks, type Sinks } from '@temporalio/workflow';

export interface WatchSinks extends Sinks {
  calls: {
    /**
     * Somebody has asked this call where it stands: it is to hear of its progress from now on. `told`: Twilio's word about
     * its last attempt, as it was answered; null when it has none.
     */
    watched(told: string | null): void;
  };
}

/** What the query `state` may be asked with. */
export interface StateQuery {
  /** False: asked once, and the call need not be told more from now on. */
  watch?: boolean;
}

/** Tells the worker. A query changes nothing in a call, and waits for nothing: its answer is what the call knows by then. */
export const { calls: watchers } = proxySinks<WatchSinks>();
