import type { HtmlTagDescriptor, Plugin } from 'vite';

const EARLY = /atkinson-hyperlegible-next-latin-wght-normal.*\.woff2$/;

/** Preloads the one font file that the first paint needs; the others come by `unicode-range` when a text asks for them. */
export function fontPreload(): Plugin {
  return {
    name: 'parley:font-preload',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, context): HtmlTagDescriptor[] =>
        Object.keys(context.bundle ?? {})
          .filter((file) => EARLY.test(file))
          .map((file) => ({ tag: 'link', injectTo: 'head', attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${file}`, crossorigin: '' } })),
    },
  };
}
