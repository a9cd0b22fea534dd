import { defineConfig } from 'vitest/config'

/** The long fault run: the same tests with many more rounds. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts', 'apps/edge/test/**/*.test.ts'],
    env: { OILTRAIL_FAULT_ROUNDS: process.env.OILTRAIL_FAULT_ROUNDS ?? '40' },
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
