import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { contentSecurity } from './build/content-security.ts';
import { fontPreload } from './build/font-preload.ts';
import { compiledMessages } from './build/compiled-messages.ts';
import { emojiData } from './build/emoji-data.ts';
import { workerEntities } from './build/worker-entities.ts';
import { layerOrder } from './build/layer-order.ts';
import { serviceWorker } from './build/service-worker.ts';
import { TARGETS } from './build/targets.ts';

// Catalogues are compiled at build time, so the parser of messages stays out of the bundle.
const withoutParser: Record<string, string> = { '@formatjs/icu-messageformat-parser': '@formatjs/icu-messageformat-parser/no-parser.js' };
const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig(({ command }) => ({
  root,
  plugins: [react(), compiledMessages(command === 'build'), emojiData(), fontPreload(), contentSecurity(), layerOrder(), serviceWorker()],
  resolve: { alias: command === 'build' ? withoutParser : {} },
  // Workers load further files on demand, which only modules can.
  worker: { format: 'es', plugins: () => [workerEntities()] },
  css: { transformer: 'lightningcss', lightningcss: { targets: TARGETS.lightning } },
  build: {
    target: TARGETS.esbuild,
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssMinify: 'lightningcss',
    reportCompressedSize: false,
    sourcemap: 'hidden',
    // What the first screen needs comes as one file: fifteen would each wait for their turn, and later parts share them anyway.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } } },
  },
  server: { proxy: { '/api': { target: process.env['PARLEY_URL'] ?? 'http://127.0.0.1:3210', ws: true } } },
}));
