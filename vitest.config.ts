import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real signals, fds and resource limits belong to a process, so each test file has one.
    pool: 'forks',
    execArgv: ['--expose-gc'],
    // As many as there are processors; Vitest would leave one of them to itself, which has next to nothing to do.
    maxWorkers: availableParallelism(),
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
