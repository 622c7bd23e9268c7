/** A part of a page: text, or an element of parts. Text is escaped where it is written, so nobody can forget it. */
export type Html = string | Element;
interface Element {
  tag: 'html' | 'body' | 'head' | 'meta' | 'title' | 'p' | 'h1' | 'a' | 'blockquote' | 'strong' | 'div';
  attributes: Readonly<Record<string, string>>;
  children: readonly Html[];
}

export const el = (tag: Element['tag'], attributes: Readonly<Record<string, string>>, ...children: Html[]): Element => ({ tag, attributes, children });

/** A whole page as text. */
export const renderPage = (page: Element): string => `<!doctype html>${render(page)}`;

function render(node: Html): string {
  if (typeof node === 'string') return escape(node).replace(/\n/g, '<br>');
  const attributes = Object.entries(node.attributes).map(([name, value]) => {
    if (name === 'href' && !/^https?:\/\//.test(value)) throw new TypeError(`no link for a mail: ${value}`);
    return ` ${name}="${escape(value)}"`;
  });
  return node.tag === 'meta' ? `<meta${attributes.join('')}>` : `<${node.tag}${attributes.join('')}>${node.children.map(render).join('')}</${node.tag}>`;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
