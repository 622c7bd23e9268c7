import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/**
 * Writes `csp.json` beside the shell: the hashes of its inline scripts, and the placeholder that the server replaces by a
 * nonce in every answer. Fails the build on inline styles and handlers, which the policy forbids.
 */
export function contentSecurity(): Plugin {
  return {
    name: 'parley:content-security',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const shell = bundle['index.html'];
      if (shell?.type !== 'asset') throw new Error('The build made no index.html.');
      const html = String(shell.source);
      if (/<style|\sstyle=|\son[a-z]+=/i.test(html)) throw new Error('The shell must not hold inline styles or handlers.');
      const hashes = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => `'sha256-${createHash('sha256').update(match[1]!).digest('base64')}'`);
      this.emitFile({ type: 'asset', fileName: 'csp.json', source: `${JSON.stringify({ script_hashes: hashes, nonce_placeholder: '__CSP_NONCE__' }, null, 2)}\n` });
    },
  };
}
