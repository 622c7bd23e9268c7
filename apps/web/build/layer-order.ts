import type { Plugin } from 'vite';

const ORDER = '@layer reset,tokens,base,components;';

/** Says the order of the layers at the head of every style sheet: chunks may load in any order, and the first mention decides. */
export function layerOrder(): Plugin {
  return {
    name: 'parley:layer-order',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) if (output.type === 'asset' && output.fileName.endsWith('.css')) output.source = ORDER + String(output.source);
    },
  };
}
