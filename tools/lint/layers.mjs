/**
 * The arrows inside a project, as lint: which folder may not import which. Between projects the Nx tags decide.
 * A wrong import fails `nx lint`, and `layers.test.ts` proves it with deliberate violations.
 */

/** @param {string[]} files @param {{group: string[], message: string}[]} patterns @param {string[]} [ignores] */
const forbid = (files, patterns, ignores = []) => ({ files, ignores: ['**/*.test.ts', '**/*.test.tsx', '**/testing/**', ...ignores], rules: { 'no-restricted-imports': ['error', { patterns }] } });

const noNode = { group: ['node:*', 'fs', 'path', 'crypto'], message: 'Shared code is pure: no node modules.' };

export const layers = [
  // Inside shared: sync → protocol → domain.
  forbid(['libs/shared/src/domain/**/*.ts'], [noNode, { group: ['**/protocol/**', '**/sync/**', '@parley/*'], message: 'The domain imports nothing of protocol or sync.' }]),
  forbid(['libs/shared/src/protocol/**/*.ts'], [noNode, { group: ['**/sync/**', '@parley/*'], message: 'The protocol does not know the engine.' }]),
  forbid(['libs/shared/src/sync/**/*.ts'], [noNode, { group: ['@parley/*'], message: 'Shared code imports its own files by relative paths.' }]),
  // Inside the server: edge → service → port; adapters implement ports; only compose.ts knows both.
  forbid(
    ['apps/server/src/features/**/*.ts', 'apps/server/src/realtime/**/*.ts', 'apps/server/src/edge/**/*.ts', 'apps/server/src/platform/**/*.ts'],
    [{ group: ['**/storage/sqlite/**', '**/storage/memory/**', '**/storage/mongo/**', '**/log/embedded/**', '**/log/redis/**', '**/registry/embedded/**', '**/search/sqlite/**', '**/search/memory/**', '**/files/disk/**', '**/files/memory/**', '**/files/s3/**', '**/search/mongodb/**', '**/pictures/sharp-pictures*'], message: 'Only compose.ts picks adapters; use the port.' }],
  ),
  forbid(['apps/server/src/features/**/*.commands.ts'], [{ group: ['express', 'ws', 'pino', 'node:fs*', 'node:net', 'node:http*', '**/*.routes.ts', '**/*.service.ts'], message: 'A command does no I/O and knows no edge.' }]),
  forbid(['apps/server/src/storage/**/*.ts', 'apps/server/src/log/**/*.ts', 'apps/server/src/registry/**/*.ts', 'apps/server/src/search/**/*.ts'], [{ group: ['**/edge/**', '**/realtime/**', 'express', 'ws'], message: 'Adapters do not know the edges.' }], ['apps/server/src/storage/commands.ts']),
  // Inside web: scenes → features → ui, state.
  forbid(['apps/web/src/features/**/*.{ts,tsx}'], [{ group: ['**/scenes/**', '**/app/app*'], message: 'A feature does not know its scenes.' }]),
  forbid(['apps/web/src/ui/**/*.{ts,tsx}'], [{ group: ['**/scenes/**', '**/features/**', '**/sync/**'], message: 'The component kit knows no feature.' }]),
  forbid(['apps/web/src/state/**/*.{ts,tsx}'], [{ group: ['**/scenes/**', '**/features/**'], message: 'State knows no views.' }]),
];
