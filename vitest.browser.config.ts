import { defineConfig } from 'vitest/config';

/** The pages in a real browser: apart from `npm test`, since it needs a Chromium. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
