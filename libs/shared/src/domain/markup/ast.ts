/**
 * What a message's text means, as plain data: what renderers, the composer and tests read. Nothing in here is HTML.
 * `span` is the stretch of the source `[from, to)` that a node was made of; it is there only when asked for.
 */

export type Span = readonly [from: number, to: number];

export interface TextNode { type: 'text'; text: string; span?: Span }
export interface StrongNode { type: 'strong'; children: Inline[]; span?: Span }
export interface EmphasisNode { type: 'emphasis'; children: Inline[]; span?: Span }
export interface StrikeNode { type: 'strike'; children: Inline[]; span?: Span }
export interface CodeSpanNode { type: 'code_span'; text: string; span?: Span }
/** `url` is always of an allowed scheme. `bare`: the address itself stood in the text. */
export interface LinkNode { type: 'link'; url: string; bare: boolean; children: Inline[]; span?: Span }
/** Shown as a link: nothing is fetched from other hosts. */
export interface ImageNode { type: 'image'; url: string; alt: string; span?: Span }
export interface BreakNode { type: 'break'; span?: Span }
/** `<@ID>`, `<!group^ID>`, `<#ID>`. */
export interface ReferenceNode { type: 'user' | 'group' | 'channel'; id: string; span?: Span }
/** `<!channel>`, `<!here>`. */
export interface EveryoneNode { type: 'everyone'; scope: 'channel' | 'here'; span?: Span }
/** `:name:`, drawn when the name is known, else shown as written. */
export interface EmojiNode { type: 'emoji'; name: string; span?: Span }

export type Inline =
  | TextNode | StrongNode | EmphasisNode | StrikeNode | CodeSpanNode | LinkNode | ImageNode | BreakNode | ReferenceNode | EveryoneNode | EmojiNode;

export interface ParagraphNode { type: 'paragraph'; children: Inline[]; span?: Span }
export interface HeadingNode { type: 'heading'; depth: number; children: Inline[]; span?: Span }
export interface QuoteNode { type: 'quote'; children: Block[]; span?: Span }
export interface ListItem { /** Null: not a task. */ checked: boolean | null; children: Block[]; span?: Span }
export interface ListNode { type: 'list'; ordered: boolean; start: number; items: ListItem[]; span?: Span }
export interface CodeBlockNode { type: 'code_block'; language: string | null; text: string; span?: Span }
export interface TableNode { type: 'table'; align: ('left' | 'right' | 'center' | null)[]; head: Inline[][]; rows: Inline[][][]; span?: Span }
export interface RuleNode { type: 'rule'; span?: Span }

export type Block = ParagraphNode | HeadingNode | QuoteNode | ListNode | CodeBlockNode | TableNode | RuleNode;

export type Markup = readonly Block[];
