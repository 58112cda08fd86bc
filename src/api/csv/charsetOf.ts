import type { ApiContext } from '../http/apiDependencies.js';

/**
 * The encoding that the Content-Type names; null if it names none, or UTF-8, which is found without a name too.
 * Undefined if this Node.js does not know it.
 */
export function charsetOf(c: ApiContext): string | null | undefined {
  const [, label] = /;\s*charset="?([^\s";]+)"?/i.exec(c.req.header('Content-Type') ?? '') ?? [];
  if (label === undefined) return null;
  try {
    const { encoding } = new TextDecoder(label);
    return encoding === 'utf-8' ? null : encoding;
  } catch {
    return undefined;
  }
}
