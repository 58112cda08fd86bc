import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { Log } from '../process/log.js';

/** Calls whose number is kept for the next line. */
const rememberedCalls = 10_000;

/**
 * The same store, which also logs what happens to calls: one line when Twilio has a call, when it rings or is
 * answered, and when it is over. The log masks the numbers.
 */
export function loggingCalls(store: OutcomeStore, log: Pick<Log, 'info'>): OutcomeStore {
  const numbers = new Map<string, string>();
  const to = (callId: string) => (numbers.has(callId) ? ` to ${numbers.get(callId)}` : '');
  return {
    ...store,
    async addCall(row) {
      numbers.set(row.callId, row.to);
      if (numbers.size > rememberedCalls) numbers.delete(numbers.keys().next().value as string);
      return store.addCall(row);
    },
    async recordProgress(row) {
      const { callId, attempt, update } = row;
      log.info(`${callId}${to(callId)}, attempt ${attempt}: ${update.status} (${update.callSid})`);
      return store.recordProgress(row);
    },
    async saveOutcome(outcome) {
      const { callId, decidedBy, reason } = outcome;
      // A policy, and whoever canceled, may have used words that are not for a log.
      const why = reason && `: ${reason.source === 'policy' ? reason.code : reason.message}`;
      numbers.delete(callId);
      const recorded = await store.saveOutcome(outcome);
      log.info(`${callId} to ${outcome.to} is over: ${outcome.outcome}, decided by ${decidedBy}${why ?? ''}`);
      return recorded;
    },
  };
}
