import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { serveWork } from './childProcess.js';
import { paced, steadyRate, together } from './pace.js';
import { atTheLast, yardstickActivities } from './yardstickActivities.js';

// Starter and worker of the yardstick, with the SDK's defaults.
const taskQueue = 'yardstick';
let client: Client;

serveWork({
  async start({ address }: { address: string }) {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const workflowsPath = fileURLToPath(new URL('yardstickWorkflows.ts', import.meta.url));
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    client = new Client({ connection: await Connection.connect({ address }) });
    const worker = await Worker.create({
      connection: await NativeConnection.connect({ address }),
      taskQueue,
      workflowBundle,
      activities: yardstickActivities,
    });
    worker.run().catch((error) => {
      console.error(error);
      process.exit(1);
    });
  },

  /** Runs workflows of three no-ops, at most `inFlight` at the same time. Returns how many ended a second. */
  async threeNoOps({ count, inFlight }: { count: number; inFlight: number }): Promise<number> {
    const endTimes: number[] = [];
    const waiting: (() => void)[] = [];
    atTheLast.onCall = () => {
      endTimes.push(Date.now());
      waiting.shift()?.();
    };
    const last: Promise<unknown>[] = [];
    await together(count, inFlight, async (number) => {
      const ended = new Promise<void>((resolve) => waiting.push(resolve));
      const handle = await client.workflow.start('threeNoOps', { taskQueue, workflowId: randomUUID() });
      // Only the last few are waited for at the server, because waiting costs CPU too.
      if (number >= count - 5) last.push(handle.result());
      await ended;
    });
    await Promise.all(last);
    return steadyRate(endTimes);
  },

  /** For each workflow, the milliseconds from sending its signal to knowing that it ended. */
  async roundTrips({ count, perSecond }: { count: number; perSecond: number }): Promise<number[]> {
    const handles = await Promise.all(
      Array.from({ length: count }, () =>
        client.workflow.start('untilSignaled', { taskQueue, workflowId: randomUUID() }),
      ),
    );
    const trips: number[] = [];
    await paced(count, perSecond, async (number) => {
      const handle = handles[number] as (typeof handles)[number];
      const ended = handle.result();
      const begun = performance.now();
      await handle.signal('go');
      await ended;
      trips.push(performance.now() - begun);
    });
    return trips;
  },
});
