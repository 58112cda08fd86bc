// Places a call by starting its workflow: npx tsx call.ts CALL_ID NUMBER
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';

interface Outcome {
  callId: string;
  outcome: string;
  decidedBy: string;
  endedBecause: { message: string };
}

const [callId = '', number = ''] = process.argv.slice(2);
const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS ?? 'localhost:7233' });
const { workflow } = new Client({ connection });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

function start(callId: string) {
  return workflow.start('outboundCall', {
    workflowId: callId, // the call id: the same id never starts a second call
    taskQueue: 'outbound-calls',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    args: [
      {
        to: number,
        twiml: '<Response><Say>Your table is ready.</Say></Response>',
        notBefore: inSeconds(3600),
        metadata: { language: 'typescript' },
      },
    ],
  });
}

// The query `state`: the call waits for its time.
const call = await start(callId);
let state = { callId, state: 'looking-up' };
while (state.state !== 'waiting') {
  await pause(200);
  state = await call.query('state');
}
console.log(state.callId, state.state);

// The update `reschedule`: dial now. The result of the workflow is the outcome.
await call.executeUpdate('reschedule', { args: [{ at: inSeconds(0), by: 'call.ts' }] });
const { outcome, decidedBy }: Outcome = await call.result();
console.log(callId, outcome, decidedBy);

// The signal `cancel` works even while no worker runs. A Temporal cancellation does the same.
const other = await start(`${callId}-canceled`);
await other.signal('cancel', { reason: 'no table left', by: 'call.ts' });
const canceled: Outcome = await other.result();
console.log(canceled.callId, canceled.outcome, canceled.endedBecause.message);
await connection.close();
