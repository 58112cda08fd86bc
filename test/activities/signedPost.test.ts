import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { isSilence, signedPost } from '../../activities/webhooks/signedPost.js';
import { quietEnvironment, secret, startReceiver } from './notifyBench.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What many posts to this URL end with, while garbage is collected. */
async function endsOf(url: string, environment = quietEnvironment()): Promise<unknown[]> {
  const request = { id: 'msg_1', timeoutMs: 1_000, allowPrivate: true };
  const post = signedPost([secret]);
  const posts = Array.from({ length: 20 }, () =>
    environment.run(() => post(new URL(url), '{}', request)).catch((error: unknown) => error),
  );
  const ended = Promise.all(posts);
  for (let n = 0; n < 10; n++) {
    await sleep(50);
    collectGarbage();
  }
  return ended;
}

it('a receiver says nothing, and garbage is collected meanwhile: every post ends in time', async () => {
  const receiver = await startReceiver({ status: null });
  const startedAt = Date.now();
  const ends = await endsOf(receiver.origin);
  expect(ends.map(isSilence)).toEqual(ends.map(() => true));
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

it('the activity is stopped: its posts end at once, and that is no silence of the receiver', async () => {
  const receiver = await startReceiver({ status: null });
  const environment = quietEnvironment();
  setTimeout(() => environment.cancel(), 200);
  const ends = await endsOf(receiver.origin, environment);
  expect(ends.map(isSilence)).toEqual(ends.map(() => false));
});
