import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmAutolinkLiteralFromMarkdown } from 'mdast-util-gfm-autolink-literal';
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmTaskListItemFromMarkdown } from 'mdast-util-gfm-task-list-item';
import { gfmAutolinkLiteral } from 'micromark-extension-gfm-autolink-literal';
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough';
import { gfmTable } from 'micromark-extension-gfm-table';
import { gfmTaskListItem } from 'micromark-extension-gfm-task-list-item';
import type { Markup } from './ast.ts';
import { convert } from './convert.ts';
import { referenceFromMarkdown, referenceSyntax } from './mention-syntax.ts';
import { cutNesting, MAX_NESTING, nestingDepth } from './nesting.ts';

/**
 * A message's content as an AST: CommonMark without HTML, with strike, tables, task lists, bare addresses, references
 * (`<@ID>` …) and a newline as a line break. Never throws for a text within the wire's limits; a parser's own failure on
 * hostile input is answered with the text as it is.
 */

const extensions = [
  { disable: { null: ['htmlFlow', 'htmlText'] } },
  gfmAutolinkLiteral(), gfmStrikethrough(), gfmTable(), gfmTaskListItem(), referenceSyntax(),
];
const mdastExtensions = [
  gfmAutolinkLiteralFromMarkdown(), gfmStrikethroughFromMarkdown(), gfmTableFromMarkdown(), gfmTaskListItemFromMarkdown(), referenceFromMarkdown(),
];

export interface ParseOptions {
  /** Nodes carry their `span` in the source. Spans are exact unless nesting had to be cut. */
  spans?: boolean;
}

export function parseMarkup(content: string, options: ParseOptions = {}): Markup {
  const source = nestingDepth(content) > MAX_NESTING ? cutNesting(content) : content;
  try {
    return convert(fromMarkdown(source, { extensions, mdastExtensions }), source, options.spans === true);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // A stack overflow: the text is shown as it is, since nothing better is known about it.
    return plainMarkup(content);
  }
}

/** The text as one paragraph, line by line, unparsed. */
export function plainMarkup(content: string): Markup {
  const lines = content.split('\n');
  return [{
    type: 'paragraph',
    children: lines.flatMap((text, index) => (index === 0 ? [{ type: 'text' as const, text }] : [{ type: 'break' as const }, { type: 'text' as const, text }])),
  }];
}
