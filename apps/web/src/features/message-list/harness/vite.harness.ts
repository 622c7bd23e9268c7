import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { emojiData } from '../../../../build/emoji-data.ts';
import { layerOrder } from '../../../../build/layer-order.ts';
import { workerEntities } from '../../../../build/worker-entities.ts';

/** Builds the harness page alone, as production code. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [react(), emojiData(), layerOrder()],
  worker: { format: 'es', plugins: () => [workerEntities()] },
  css: { transformer: 'lightningcss' },
  build: { outDir: fileURLToPath(new URL('../../../../../../.tmp/list-harness', import.meta.url)), emptyOutDir: true, target: 'esnext', reportCompressedSize: false },
});
