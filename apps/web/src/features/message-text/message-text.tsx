import type { Block, Inline, ListItem, Markup } from '@parley/shared/domain/markup/ast';
import { Fragment, memo, useLayoutEffect, useRef, useState, type MouseEvent, type ReactNode } from 'react';
import { EmojiGlyph } from '../emoji/emoji-glyph.tsx';
import { useText } from '../../i18n/text.tsx';
import { cx } from '../../ui/cx.ts';
import { ChannelChip, EveryoneChip, GroupChip, UserChip } from './chips.tsx';
import { useChat } from './chat-context.tsx';
import { CodeBlock } from './code-block.tsx';
import styles from './message-text.module.css';
import { onlyEmoji } from './only-emoji.ts';
import { readPermalink } from '@parley/shared/domain/permalink';
import { useMarkup } from './use-markup.ts';

export interface MessageTextProps {
  id: string;
  rev: number;
  content: string;
  /** Stands after the last word, such as “(edited)”. */
  after?: ReactNode;
}

/** A message's text: React elements made from its markup, never HTML. */
export const MessageText = memo(function MessageText({ id, rev, content, after }: MessageTextProps) {
  const markup = useMarkup(id, rev, content);
  return <Foldable likely={content.length > 1_200 || content.split('\n', 25).length > 20}><MarkupView markup={markup} after={after} /></Foldable>;
});

/** Over 600 px the text folds with “Show more”. */
function Foldable({ likely, children }: { likely: boolean; children: ReactNode }) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [tall, setTall] = useState(false);
  const [open, setOpen] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (!likely || !element) return;
    const measure = () => setTall((was) => was || element.scrollHeight > 620);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [likely, children]);
  if (!likely) return <>{children}</>;
  return (
    <>
      <div ref={box} className={cx(styles.foldable, !open && styles.folded, tall && !open && styles.cut)}>{children}</div>
      {tall && <button type="button" tabIndex={-1} className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>{open ? t('chat.less') : t('chat.more')}</button>}
    </>
  );
}

export function MarkupView({ markup, after }: { markup: Markup; after?: ReactNode }) {
  return (
    <div className={cx(styles.text, onlyEmoji(markup) && styles.big)}>
      {markup.map((block, i) => <BlockView key={i} block={block} after={i === markup.length - 1 ? after : undefined} />)}
      {after !== undefined && after !== null && !endsInText(markup) && <p>{after}</p>}
    </div>
  );
}

const endsInText = (markup: Markup) => { const last = markup[markup.length - 1]?.type; return last === 'paragraph' || last === 'heading'; };

function BlockView({ block, after }: { block: Block; after?: ReactNode }) {
  switch (block.type) {
    case 'paragraph': return <p dir="auto">{inlines(block.children)}{after !== undefined && after !== null && <> {after}</>}</p>;
    case 'heading': return <p dir="auto" className={cx(styles.heading, block.depth < 3 && styles.large)}>{inlines(block.children)}{after !== undefined && after !== null && <> {after}</>}</p>;
    case 'quote': return <blockquote dir="auto">{block.children.map((child, i) => <BlockView key={i} block={child} />)}</blockquote>;
    case 'list': {
      const items = block.items.map((item, i) => <ItemView key={i} item={item} />);
      return block.ordered ? <ol start={block.start} dir="auto">{items}</ol> : <ul dir="auto">{items}</ul>;
    }
    case 'code_block': return <CodeBlock language={block.language} text={block.text} />;
    case 'rule': return <hr />;
    case 'table': return (
      <div className={styles.tableBox} tabIndex={-1}>
        <table>
          <thead><tr>{block.head.map((cell, i) => <th key={i} data-align={block.align[i] ?? undefined}>{inlines(cell)}</th>)}</tr></thead>
          <tbody>{block.rows.map((row, r) => <tr key={r}>{row.map((cell, i) => <td key={i} data-align={block.align[i] ?? undefined}>{inlines(cell)}</td>)}</tr>)}</tbody>
        </table>
      </div>
    );
  }
}

function ItemView({ item }: { item: ListItem }) {
  const t = useText();
  const task = item.checked;
  const content = item.children.map((child, i) => (child.type === 'paragraph' ? <Fragment key={i}>{i > 0 && <br />}{inlines(child.children)}</Fragment> : <BlockView key={i} block={child} />));
  if (task === null) return <li>{content}</li>;
  return <li className={styles.task}><span className={cx(styles.box, task && styles.checked)} role="img" aria-label={t(task ? 'chat.task.done' : 'chat.task.open')} /><span>{content}</span></li>;
}

function inlines(nodes: readonly Inline[]): ReactNode[] {
  return nodes.map((node, i) => <InlineView key={i} node={node} />);
}

function InlineView({ node }: { node: Inline }): ReactNode {
  switch (node.type) {
    case 'text': return node.text;
    case 'break': return <br />;
    case 'strong': return <strong>{inlines(node.children)}</strong>;
    case 'emphasis': return <em>{inlines(node.children)}</em>;
    case 'strike': return <s>{inlines(node.children)}</s>;
    case 'code_span': return <code className={styles.span} dir="ltr">{node.text}</code>;
    case 'link': return <TextLink url={node.url}>{inlines(node.children)}</TextLink>;
    case 'image': return <TextLink url={node.url}>{node.alt === '' ? node.url : node.alt}</TextLink>;
    case 'user': return <UserChip id={node.id} />;
    case 'channel': return <ChannelChip id={node.id} />;
    case 'group': return <GroupChip id={node.id} />;
    case 'everyone': return <EveryoneChip scope={node.scope} />;
    case 'emoji': return <EmojiGlyph name={node.name} />;
  }
}

/** The full address on hover; a place of this server opens here. */
function TextLink({ url, children }: { url: string; children: ReactNode }) {
  const { origin, go } = useChat();
  const inside = readPermalink(url, origin);
  const follow = (event: MouseEvent) => {
    if (!inside || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go({ kind: 'channel', channelId: inside.channelId, workspaceId: inside.workspaceId, ...(inside.messageId ? { messageId: inside.messageId } : {}), ...(inside.rootId ? { rootId: inside.rootId } : {}) });
  };
  return <a className={styles.link} href={url} title={url} tabIndex={-1} rel="noopener noreferrer" {...(inside ? {} : { target: '_blank' })} onClick={follow}>{children}</a>;
}
