import { defineConfig } from 'vitest/config';

/** The examples of docs/examples. Not part of `npm test`, because they need pip, Go, Java and Maven, and their registries. */
export default defineConfig({
  test: {
    include: ['test/examples/**/*.examples.ts'],
    globalSetup: ['test/support/useRunDirectory.ts'],
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
