import { defineSearchAttributeKey } from '@temporalio/common';

/**
 * The search attributes of a call, by which it is found in Temporal's UI and by queries. They must be registered
 * on the namespace: a workflow that writes an unregistered one hangs until it is there.
 */
export const searchAttribute = {
  to: defineSearchAttributeKey('RingtrueTo', 'KEYWORD'),
  state: defineSearchAttributeKey('RingtrueState', 'KEYWORD'),
  outcome: defineSearchAttributeKey('RingtrueOutcome', 'KEYWORD'),
  callSid: defineSearchAttributeKey('RingtrueCallSid', 'KEYWORD'),
  errorCode: defineSearchAttributeKey('RingtrueErrorCode', 'INT'),
  attempts: defineSearchAttributeKey('RingtrueAttempts', 'INT'),
  /** Of a call that a batch started: the batch id. Set at its start. */
  batch: defineSearchAttributeKey('RingtrueBatch', 'KEYWORD'),
};
