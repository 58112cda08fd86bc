import type { ApiContext, ApiTools } from './apiDependencies.js';

/**
 * Does work that may take long, with a signal that aborts once the client has gone or the server stops.
 *
 * One controller a request, aborted at the end: Temporal's client adds a listener to the signal for each gRPC
 * call and removes none, and Node 20 keeps each signal of `AbortSignal.any` that has listeners for as long as
 * `stopping` lives.
 */
export async function whileWanted<T>(
  { stopping }: ApiTools,
  c: ApiContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const sources = [c.req.raw.signal, ...(stopping ? [stopping] : [])];
  const end = () => ended.abort();
  if (sources.some(({ aborted }) => aborted)) end();
  for (const source of sources) source.addEventListener('abort', end);
  try {
    return await work(ended.signal);
  } finally {
    for (const source of sources) source.removeEventListener('abort', end);
    end();
  }
}
