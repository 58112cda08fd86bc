import { defineConfig } from 'vitest/config';

/** The package as npm installs it. Not part of `npm test`, because it installs all dependencies once more. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.pack.ts'],
    globalSetup: ['test/support/useRunDirectory.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
