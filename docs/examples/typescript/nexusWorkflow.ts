import { createNexusServiceClient } from '@temporalio/workflow';
import * as nexus from 'nexus-rpc';

interface Outcome {
  callId: string;
  outcome: string;
}

const ringtrue = nexus.service('ringtrue', {
  call: nexus.operation<{ callId?: string; request: object }, Outcome>(),
  cancel: nexus.operation<{ callId: string; reason?: string; by?: string }, { callId: string }>(),
  state: nexus.operation<{ callId: string }, { state: string }>(),
});

/** A workflow of any namespace that places a call over Nexus. */
export async function remind(callId: string, number: string): Promise<string> {
  const client = createNexusServiceClient({ endpoint: 'ringtrue', service: ringtrue });
  const request = { to: number, twiml: '<Response><Say>See you tomorrow.</Say></Response>' };
  const { outcome } = await client.executeOperation(
    'call',
    { callId, request },
    { scheduleToCloseTimeout: '1 day' },
  );
  const { state } = await client.executeOperation(
    'state',
    { callId },
    { scheduleToCloseTimeout: '1 minute' },
  );
  return `${callId} ${outcome} ${state}`;
}
