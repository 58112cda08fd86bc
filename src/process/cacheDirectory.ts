import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './packageRoot.js';

/**
 * The directory for what can be fetched or built again: the Temporal CLI and the bundle of the workflows. It
 * is `.cache` beside this package's `package.json`, or `cache` in the data directory if that is not writable.
 */
export function cacheDirectory(dataDirectory: string): string {
  const own = join(packageRoot(), '.cache');
  try {
    mkdirSync(own, { recursive: true });
    accessSync(own, constants.W_OK);
    return own;
  } catch {
    return join(dataDirectory, 'cache');
  }
}
