import { defineConfig } from 'vitest/config';

/** The codec in other languages. Not part of `npm test`, because it needs Python with pip, and Go. */
export default defineConfig({
  test: {
    include: ['test/codecs/**/*.codecs.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    pool: 'forks',
    testTimeout: 900_000,
    hookTimeout: 60_000,
  },
});
