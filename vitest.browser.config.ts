import { defineConfig } from 'vitest/config';

/** The pages in a real browser. Not part of `npm test`, because they need a Chromium. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/support/useRunDirectory.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
