import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Where things are kept that can be had again: the Temporal CLI, the workflows' bundle. `.cache` beside this
 * package's `package.json`; where that cannot be written, `cache` under the data directory.
 */
export function cacheDirectory(dataDirectory: string): string {
  const own = join(packageRoot, '.cache');
  try {
    mkdirSync(own, { recursive: true });
    accessSync(own, constants.W_OK);
    return own;
  } catch {
    return join(dataDirectory, 'cache');
  }
}
