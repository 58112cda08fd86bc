import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Client, Connection } from '@temporalio/client';
import { Hono } from 'hono';
import twilio from 'twilio';
import { serveWork } from './childProcess.js';

// The minimum of a webhook: checks the signature, sends one signal, answers.
serveWork({
  async start({ address, publicUrl, authToken }: { address: string; publicUrl: string; authToken: string }) {
    const client = new Client({ connection: await Connection.connect({ address }) });
    const app = new Hono();
    app.post('/twilio/status/:callId/:attempt', async (c) => {
      const params = (await c.req.parseBody()) as Record<string, string>;
      const signature = c.req.header('X-Twilio-Signature') ?? '';
      if (!twilio.validateRequest(authToken, signature, publicUrl + c.req.path, params))
        return c.body(null, 403);
      const signal = { attempt: Number(c.req.param('attempt')), params };
      await client.workflow.getHandle(c.req.param('callId')).signal('twilioStatus', signal);
      return c.body(null, 204);
    });
    const server = createAdaptorServer({ fetch: app.fetch });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
});
