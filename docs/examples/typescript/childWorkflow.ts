import { executeChild, ParentClosePolicy } from '@temporalio/workflow';

interface Booking {
  id: string;
  number: string;
}

/** Calls a guest as a part of this workflow, and books by what became of the call. */
export async function confirmBooking({ id, number }: Booking): Promise<string> {
  const { outcome, answeredBy } = await executeChild('outboundCall', {
    workflowId: `${id}-call`, // the call id
    taskQueue: 'outbound-calls', // that of ringtrue's workers: this worker does not have the code
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    // A booking that is canceled or terminated cancels its call, which then still records its outcome.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    args: [
      {
        to: number,
        twiml: '<Response><Say>Your table is ready.</Say></Response>',
        machineDetection: 'enable',
        metadata: { booking: id },
      },
    ],
  });
  return outcome === 'answered' && answeredBy !== 'machine' ? 'confirmed' : `not reached: ${outcome}`;
}
