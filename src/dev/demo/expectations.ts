import type { DecidedBy } from '../../../workflows/callOutcome.js';
import type { Outcome } from '../../../workflows/callRequest.js';

/** The outcome of each number of the simulator's showcase, and what must have decided it. */
export const expectations: Readonly<Record<string, { outcome: Outcome; decidedBy: DecidedBy }>> = {
  '+15005551200': { outcome: 'answered', decidedBy: 'webhook' },
  '+15005558002': { outcome: 'answered', decidedBy: 'webhook' },
  '+15005552486': { outcome: 'busy', decidedBy: 'webhook' },
  '+15005553487': { outcome: 'no-answer', decidedBy: 'webhook' },
  '+15005555503': { outcome: 'failed', decidedBy: 'webhook' },
  '+15005555480': { outcome: 'no-answer', decidedBy: 'webhook' },
  '+15008100000': { outcome: 'invalid-number', decidedBy: 'lookup' },
  '+15005550004': { outcome: 'rejected', decidedBy: 'create' },
  '+15009020000': { outcome: 'answered', decidedBy: 'webhook' },
  '+15009001000': { outcome: 'answered', decidedBy: 'poll' },
  '+15005558106': { outcome: 'canceled', decidedBy: 'webhook' },
};
