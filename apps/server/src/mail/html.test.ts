import { expect, it } from 'vitest';
import { el, renderPage } from './html.ts';

it('writes text as text, wherever it stands', () => {
  const nasty = `<script>alert("1")</script> & 'x'\nline`;
  const page = renderPage(el('html', {}, el('p', { title: nasty }, nasty), el('a', { href: 'https://x.example/?a=1&b="' }, 'x')));
  expect(page).toBe('<!doctype html><html><p title="&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;x&#39;\nline">&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;x&#39;<br>line</p><a href="https://x.example/?a=1&#38;b=&#34;">x</a></html>');
});
it.each(['javascript:alert(1)', 'data:text/html,x', ' https://x'])('has no link to %s', (href) => expect(() => renderPage(el('html', {}, el('a', { href }, 'x')))).toThrow(TypeError));
