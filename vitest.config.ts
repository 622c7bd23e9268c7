import { defineConfig } from 'vitest/config';

const kinds = { exclude: ['**/node_modules/**', '**/dist/**'] };

/** One project each, so that Nx runs and counts them apart. Real processes (`*.integration.test.ts`) get a project of their own: they want the cores alone. */
export default defineConfig({
  test: {
    globals: false,
    projects: [
      { test: { name: 'shared', root: 'libs/shared', include: ['src/**/*.test.ts'], testTimeout: 60_000, ...kinds } },
      { test: { name: 'server', root: 'apps/server', include: ['src/**/*.test.ts'], exclude: [...kinds.exclude, '**/*.integration.test.ts', '**/*.cluster.test.ts', '**/*.sim.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: 'simulation', root: 'apps/server', include: ['src/**/*.sim.test.ts'], testTimeout: 600_000, ...kinds } },
      { test: { name: 'integration', root: 'apps/server', include: ['src/**/*.integration.test.ts'], testTimeout: 120_000, hookTimeout: 60_000, fileParallelism: false, ...kinds } },
      { test: { name: 'cluster', root: 'apps/server', include: ['src/**/*.cluster.test.ts'], globalSetup: ['src/testing/cluster/build.global.ts'], testTimeout: 180_000, hookTimeout: 120_000, fileParallelism: false, ...kinds } },
      { oxc: { jsx: { runtime: 'automatic' } }, test: { name: 'web', root: 'apps/web', include: ['src/**/*.test.{ts,tsx}'], exclude: [...kinds.exclude, '**/*.browser.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: 'browser', root: 'apps/web', include: ['src/**/*.browser.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, ...kinds } },
      { test: { name: 'desktop', root: 'apps/desktop', include: ['src/**/*.test.ts'], ...kinds } },
      { test: { name: 'tools', root: 'tools', include: ['**/*.test.ts'], testTimeout: 60_000, ...kinds } },
    ],
  },
});
