import { defineConfig } from '@playwright/test';

const executablePath = process.env.PARLEY_CHROMIUM || undefined;

/**
 * The stories. Each test gets a workspace of its own on one server (`fixtures/world.ts`), so they do not disturb each other.
 * A retry would hide a bug: there are none.
 */
export default defineConfig({
  testDir: './specs',
  outputDir: '../test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  retries: 0,
  workers: process.env.CI === 'true' ? 1 : 2,
  fullyParallel: false,
  forbidOnly: process.env.CI === 'true',
  reporter: [['list'], ['html', { outputFolder: '../playwright-report', open: 'never' }], ...(process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [['json'] as ['json']] : [])],
  use: {
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
