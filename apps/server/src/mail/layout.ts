import type { Words } from '../i18n/words.ts';
import { el, renderPage, type Html } from './html.ts';

/** A mail's parts, from which both of its forms are made. */
export interface Letter {
  hello: string;
  lead: string;
  items?: readonly { title: string; text: string }[];
  more?: string;
  button: { text: string; url: string };
  notes: readonly string[];
  /** A last link, such as to unsubscribe. */
  last?: { text: string; url: string };
}

const PAGE = 'margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif';
const COLUMN = 'max-width:560px;margin:0 auto';
const BUTTON = 'display:inline-block;padding:10px 18px;border:1px solid;border-radius:6px;font-weight:600;text-decoration:none;color:inherit';
const QUOTE = 'margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid';
const SMALL = 'font-size:13px';

export function letterText(letter: Letter): string {
  return [
    letter.hello, letter.lead,
    ...(letter.items ?? []).map(({ title, text }) => (text === '' ? title : `${title}\n${text.split('\n').map((line) => `> ${line}`).join('\n')}`)),
    ...(letter.more === undefined ? [] : [letter.more]),
    `${letter.button.text}:\n${letter.button.url}`, ...letter.notes,
    ...(letter.last === undefined ? [] : [`${letter.last.text}:\n${letter.last.url}`]),
  ].join('\n\n');
}

export function letterHtml(letter: Letter, subject: string, words: Words): string {
  const small = (child: Html) => el('p', { style: SMALL }, child);
  return renderPage(
    el('html', { lang: words.language }, el('head', {}, el('meta', { charset: 'utf-8' }), el('title', {}, subject)), el('body', { style: PAGE }, el('div', { style: COLUMN },
      el('p', {}, letter.hello), el('p', {}, letter.lead),
      ...(letter.items ?? []).flatMap(({ title, text }) => [el('p', { style: 'margin:0 0 4px' }, el('strong', {}, title)), ...(text === '' ? [] : [el('blockquote', { style: QUOTE }, text)])]),
      ...(letter.more === undefined ? [] : [el('p', {}, letter.more)]),
      el('p', {}, el('a', { href: letter.button.url, style: BUTTON }, letter.button.text)),
      ...letter.notes.map(small),
      ...(letter.last === undefined ? [] : [small(el('a', { href: letter.last.url }, letter.last.text))]),
    ))),
  );
}
