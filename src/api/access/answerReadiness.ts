import type { Access, ApiContext } from '../http/apiDependencies.js';

/** Answers whether a process is ready. What is wrong names hosts and ports, so strangers learn only whether. */
export function answerReadiness(
  access: Access,
  c: ApiContext,
  { ready, checks }: { ready: boolean; checks: Record<string, string> },
): Response {
  c.header('Cache-Control', 'no-store');
  return c.json(access.admits(c) ? { ready, checks } : { ready }, ready ? 200 : 503);
}
