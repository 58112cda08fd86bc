import { expect, it } from 'vitest';
import { HostFull, hostPlaces } from '../../activities/webhooks/hostPlaces.js';

class Silence extends Error {}
const isSilence = (error: unknown) => error instanceof Silence;
const few = () => hostPlaces({ places: 3, placesWhileSilent: 1 }, isSilence);

/** Work that ends when the test says so. */
function work() {
  let end = (_: Error | null) => {};
  const promise = new Promise<void>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve());
  });
  return { run: () => promise, end: (error: Error | null = null) => end(error) };
}

it('a host is full: further work for it is refused at once, and other hosts are served', async () => {
  const hosts = few();
  const running = [work(), work(), work()];
  const ends = running.map(({ run }) => hosts.run('slow.example', run));
  await expect(hosts.run('slow.example', async () => {})).rejects.toThrow(HostFull);
  expect(await hosts.run('other.example', async () => 'served')).toBe('served');
  for (const { end } of running) end();
  await Promise.all(ends);
  expect(await hosts.run('slow.example', async () => 'served')).toBe('served');
});

it('a host gave no answer in time: fewer places, until it answers', async () => {
  const hosts = few();
  const silence = hosts.run('slow.example', () => Promise.reject(new Silence()));
  await expect(silence).rejects.toThrow(Silence);
  const first = work();
  const end = hosts.run('slow.example', first.run);
  await expect(hosts.run('slow.example', async () => {})).rejects.toThrow('1 requests to slow.example');
  first.end();
  await end;
  const [second, third] = [work(), work()];
  const both = [hosts.run('slow.example', second.run), hosts.run('slow.example', third.run)];
  second.end();
  third.end();
  await Promise.all(both);
});

it('work fails with another error: the error is passed on, and the place is free again', async () => {
  const hosts = few();
  for (let n = 0; n < 5; n++)
    await expect(hosts.run('x.example', () => Promise.reject(new Error('reset')))).rejects.toThrow('reset');
});
