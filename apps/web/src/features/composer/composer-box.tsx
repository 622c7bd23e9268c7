import { Bold, Code, Italic, Link, List, ListOrdered, Plus, SendHorizontal, SmilePlus, SquareCode, Strikethrough, TextQuote } from 'lucide-react';
import { readReference } from '@parley/shared/domain/markup/mention-syntax';
import { LIMITS } from '@parley/shared/protocol/limits';
import { useEffect, useId, useImperativeHandle, useLayoutEffect, useRef, useState, type ReactNode, type Ref } from 'react';
import { flushSync } from 'react-dom';
import { useText } from '../../i18n/text.tsx';
import { cspNonce, platform } from '../../platform/platform.ts';
import { whenIdle } from '../../platform/when-idle.ts';
import { useEngine } from '../../state/engine.tsx';
import { cx } from '../../ui/cx.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { Popover } from '../../ui/popover.tsx';
import { LazyEmojiPicker } from '../emoji/lazy-picker.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import { hasMark, indentLines, insertLink, newLine, openFence, pasteOver, toggleCodeBlock, toggleLines, toggleMark, typedSince, type Edit, type Field } from './commands.ts';
import styles from './composer.module.css';
import { plainEditor, type EditorEvents, type EditorHandle } from './editor.ts';
import { rememberMention } from './people-pool.ts';
import { SuggestionList } from './suggestion-list.tsx';
import { useSuggestions } from './use-suggestions.ts';

export interface ComposerBoxHandle { focus(): void; text(): string; /** The caret goes to the end, or to where it is told. */ set(text: string, caret?: number): void; /** Keeps what is written as the draft. */ flush?(): void; addFiles?(files: readonly File[]): void }

export interface ComposerBoxProps {
  mode: 'message' | 'thread' | 'edit';
  channelId: string;
  rootId: string | null;
  /** The textbox's name and, unless `placeholder` says otherwise, its placeholder. */
  label: string;
  initial: string;
  autoFocus?: boolean;
  submitLabel: string;
  /** Answers false when the text stays. */
  onSubmit(content: string, caret: number): boolean | Promise<boolean>;
  onCancel?(content: string): void;
  onChange?(content: string): void;
  onBlur?(): void;
  /** Up in an empty field; true when something came of it. */
  onEmptyUp?(): boolean;
  onEmptyDown?(): boolean;
  onRecall?(): string | null;
  onEscape?(): boolean;
  onShiftTab?(): boolean;
  onReactLast?(): void;
  /** Ctrl+Shift+Enter. */
  onSchedule?(): void;
  /** Ctrl+Z in an empty field; true when something came of it. */
  onUndoSend?(): boolean;
  /** Beside the button that sends, while there is a text; `null` takes its place away. */
  sendMenu?: ReactNode;
  disabledReason?: string | undefined;
  /** Files chosen or pasted; without it none can be added. */
  onFiles?(files: readonly File[]): void;
  /** Something is added: it may go without text. */
  attached?: boolean;
  /** Stands between text and tools. */
  between?: ReactNode;
  below?: ReactNode;
  ref?: Ref<ComposerBoxHandle>;
}

const COUNT_FROM = 0.9;

/** CMP-1: the one field for messages, threads and edits. It takes keys from the first paint; the live editor comes later. */
export function ComposerBox(props: ComposerBoxProps) {
  const { mode, channelId, label, initial, autoFocus, submitLabel, onCancel, onBlur, disabledReason, onFiles, attached = false, between, below, ref } = props;
  const t = useText();
  const id = useId();
  const engine = useEngine();
  const { preferences } = useChat();
  const area = useRef<HTMLTextAreaElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const editor = useRef<EditorHandle | null>(null);
  const [live, setLive] = useState(false);
  const [content, setContent] = useState(initial);
  const [marks, setMarks] = useState({ bold: false, italic: false, strike: false, code: false });
  const [picking, setPicking] = useState(false);
  const composing = useRef(false);
  const latest = useRef(props);
  useEffect(() => { latest.current = props; });
  const { shown, update, close, move, choose } = useSuggestions(channelId);
  const suggestions = useRef(shown);
  useEffect(() => { suggestions.current = shown; });
  const length = content.length;
  const over = length - LIMITS.content_characters;

  const changed = () => {
    const field = editor.current?.read();
    if (!field) return;
    setContent(field.text);
    latest.current.onChange?.(field.text);
    selected(field);
  };
  const selected = (known?: Field) => {
    const field = known ?? editor.current?.read();
    if (!field) return;
    if (!composing.current) update(field.text, field.from, field.to);
    setMarks((was) => {
      const now = { bold: hasMark(field, 'bold'), italic: hasMark(field, 'italic'), strike: hasMark(field, 'strike'), code: hasMark(field, 'code') };
      return was.bold === now.bold && was.italic === now.italic && was.strike === now.strike && was.code === now.code ? was : now;
    });
  };
  const run = (make: (field: Field) => Edit | null): boolean => {
    const field = editor.current?.read();
    const edit = field ? make(field) : null;
    if (!edit) return false;
    editor.current?.apply(edit);
    changed();
    return true;
  };
  const submit = async () => {
    const field = editor.current?.read();
    if (!field || disabledReason !== undefined || (mode !== 'edit' && !latest.current.attached && field.text.trim() === '') || field.text.length > LIMITS.content_characters) return;
    close(false);
    if (await latest.current.onSubmit(field.text, field.to) && mode !== 'edit') {
      const rest = typedSince(field.text, editor.current?.read().text ?? '');
      editor.current?.set(rest);
      setContent(rest);
      if (rest !== '') latest.current.onChange?.(rest);
    }
  };
  const accept = (index: number): boolean => {
    const state = suggestions.current;
    const suggestion = state?.list[index];
    if (!state || !suggestion || (suggestion.kind === 'everyone' && !suggestion.allowed)) return suggestion !== undefined;
    if (suggestion.kind === 'person') rememberMention(suggestion.id);
    close(false);
    return run(({ text }) => {
      const { from, to } = state.trigger;
      const insert = text[to] === ' ' ? suggestion.insert.trimEnd() : suggestion.insert;
      const caret = from + suggestion.insert.length;
      return { from, to, insert, anchor: caret, head: caret };
    });
  };

  const onKey = (event: KeyboardEvent): boolean => {
    if (event.isComposing || composing.current || event.keyCode === 229) return false;
    const handled = keyOf(event);
    if (handled) { event.preventDefault(); event.stopPropagation(); }
    return handled;
  };
  const keyOf = (event: KeyboardEvent): boolean => {
    const field = editor.current?.read();
    if (!field) return false;
    const mod = platform.isMac ? event.metaKey : event.ctrlKey;
    const open = suggestions.current;
    if (open && !mod && !event.altKey) {
      if (event.key === 'ArrowDown') { move(1); return true; }
      if (event.key === 'ArrowUp') { move(-1); return true; }
      if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') return accept(open.chosen);
      if (event.key === 'Escape') { close(true); return true; }
    }
    const empty = field.text === '';
    const now = latest.current;
    if (event.key === 'Enter') {
      if (mod && !event.shiftKey) { void submit(); return true; }
      if (mod && now.onSchedule) { if (!empty) now.onSchedule(); return true; }
      const touch = window.matchMedia('(pointer:coarse)').matches && !window.matchMedia('(any-pointer:fine)').matches;
      const sends = !touch && event.shiftKey !== preferences.enterSends && !openFence(field.text, field.from);
      if (sends && !mod) { void submit(); return true; }
      return run(newLine);
    }
    if (event.key === 'Escape') {
      if (now.onCancel) { now.onCancel(field.text); return true; }
      return now.onEscape?.() ?? false;
    }
    if (event.key === 'ArrowUp' && mod && empty) { const text = now.onRecall?.() ?? null; if (text === null) return false; editor.current?.set(text); changed(); return true; }
    if (event.key === 'ArrowUp' && empty && !event.shiftKey && !event.altKey) return now.onEmptyUp?.() ?? false;
    if (event.key === 'ArrowDown' && !event.shiftKey && !event.altKey && mode === 'edit' && field.text === now.initial && field.from === field.text.length) { now.onCancel?.(field.text); return true; }
    if (event.key === 'Tab' && event.shiftKey && empty) return now.onShiftTab?.() ?? false;
    if (!mod || event.altKey) return false;
    if (event.shiftKey && event.code === 'Digit7') return run((f) => toggleLines(f, 'number'));
    if (event.shiftKey && event.code === 'Digit8') return run((f) => toggleLines(f, 'bullet'));
    if (event.shiftKey && event.code === 'Digit9') return run((f) => toggleLines(f, 'quote'));
    if (event.key === ']') return run((f) => indentLines(f, 1));
    if (event.key === '[') return run((f) => indentLines(f, -1));
    if (event.key === '\\' || event.code === 'Backslash') { if (event.shiftKey && now.onReactLast) { now.onReactLast(); return true; } return false; }
    const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace(/^Key/, '').toLowerCase();
    if (letter === 'z' && empty && !event.shiftKey) return now.onUndoSend?.() ?? false;
    if (event.shiftKey) return letter === 'x' ? run((f) => toggleMark(f, 'strike')) : letter === 'u' ? run((f) => insertLink(f)) : false;
    if (letter === 'u' && now.onFiles) { chooser.current?.click(); return true; }
    return letter === 'b' ? run((f) => toggleMark(f, 'bold')) : letter === 'i' ? run((f) => toggleMark(f, 'italic')) : letter === 'e' ? run((f) => toggleMark(f, 'code')) : false;
  };
  const onPaste = (event: ClipboardEvent): boolean => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    // Programs that copy text put a picture of it beside: the text is meant.
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0 && text === '' && latest.current.onFiles) {
      event.preventDefault();
      latest.current.onFiles(files);
      return true;
    }
    const done = run((field) => pasteOver(field, text));
    if (done) event.preventDefault();
    return done;
  };
  const events: EditorEvents = { onChange: changed, onSelect: () => selected(), onKey, onPaste, onBlur: () => { onBlur?.(); }, onFocus: () => undefined };
  const bound = useRef(events);
  useEffect(() => { bound.current = events; });

  // From the first paint: the plain field.
  useLayoutEffect(() => {
    if (editor.current || !area.current) return;
    const element = area.current;
    editor.current = plainEditor(element, () => bound.current.onChange());
    if (initial !== '') element.setSelectionRange(initial.length, initial.length);
    if (autoFocus) element.focus();
    return () => { editor.current?.destroy(); editor.current = null; };
    // The first text is all that it takes from outside.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  // After it: the live editor, with text, selection and focus. A composition is waited for.
  const base = useRef(initial);
  useEffect(() => {
    if (preferences.plainComposer) return;
    let gone = false;
    const stops: (() => void)[] = [];
    const exchange = (create: typeof import('./live-editor.ts').createLiveEditor) => {
      if (gone || !area.current || !host.current) return;
      if (composing.current) { const again = () => exchange(create); area.current.addEventListener('compositionend', () => setTimeout(again, 0), { once: true }); return; }
      const field = editor.current?.read() ?? { text: initial, from: 0, to: 0 };
      const focused = document.activeElement === area.current;
      const watched = new Set<string>();
      const handle = create({
        parent: host.current, base: base.current, text: field.text, from: field.from, to: field.to, focused, label, placeholder: label, nonce: cspNonce(), className: styles.live ?? '', looks: styles,
        nameOf: (source) => {
          const reference = readReference(source);
          const follow = (key: string, subscribe: (l: () => void) => () => void) => { if (!watched.has(key)) { watched.add(key); stops.push(subscribe(() => handleRef.current?.refresh())); } };
          if (reference?.kind === 'user') { const user = engine.user(reference.id); follow(source, (l) => user.subscribe(l)); return { text: `@${user.get()?.display_name ?? t('chat.unknown_person')}`, own: reference.id === engine.accountId, dim: user.get() === null }; }
          if (reference?.kind === 'channel') { const channel = engine.channel(reference.id); follow(source, (l) => channel.subscribe(l)); return { text: `#${channel.get()?.channel.name ?? t('chat.private_channel')}`, own: false, dim: channel.get() === null }; }
          if (reference?.kind === 'group') { const group = engine.group(reference.id); follow(source, (l) => group.subscribe(l)); const known = group.get(); return { text: known ? `@${known.handle}` : t('chat.unknown_group'), own: known?.mine === true, dim: known === null || known.archived }; }
          return { text: reference?.kind === 'here' ? '@here' : '@channel', own: true, dim: false };
        },
        events: { onChange: () => bound.current.onChange(), onSelect: () => bound.current.onSelect(), onKey: (e) => bound.current.onKey(e), onPaste: (e) => bound.current.onPaste(e), onBlur: () => bound.current.onBlur(), onFocus: () => bound.current.onFocus() },
      });
      handleRef.current = handle;
      editor.current = handle;
      // In the same turn, so that the plain field never stands beside it.
      flushSync(() => setLive(true));
    };
    const handleRef: { current: EditorHandle | null } = { current: null };
    // When the rows have been painted: loading and building it must not hold them up.
    const callOff = whenIdle(() => { void import('./live-editor.ts').then((module) => exchange(module.createLiveEditor), () => undefined); }, 300);
    return () => {
      gone = true;
      callOff();
      stops.forEach((stop) => stop());
      handleRef.current?.destroy();
      if (handleRef.current && editor.current === handleRef.current) editor.current = null;
    };
    // The editor lives as long as its field: one per channel, thread or edit.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [preferences.plainComposer]);

  useEffect(() => {
    editor.current?.setAttributes({ 'aria-activedescendant': shown ? `${id}s${shown.chosen}` : null, 'aria-controls': shown ? `${id}s` : null, 'aria-autocomplete': 'list' });
  }, [shown, id, live]);
  useImperativeHandle(ref, () => ({
    focus: () => editor.current?.focus(),
    text: () => editor.current?.read().text ?? '',
    set: (text, caret) => {
      editor.current?.set(text);
      setContent(text);
      if (caret !== undefined) editor.current?.apply({ from: 0, to: 0, insert: '', anchor: caret, head: caret });
    },
  }), []);

  const tool = (icon: ReactNode, name: string, keys: string, act: () => void, on?: boolean) => (
    <IconButton label={name} keys={keys} className={cx(styles.tool, on === true && styles.on)} {...(on === undefined ? {} : { 'aria-pressed': on })} onMouseDown={(event) => event.preventDefault()} onClick={act}>{icon}</IconButton>
  );
  const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;
  const ctrl = platform.isMac ? '⌘' : 'Ctrl+';
  const blank = content.trim() === '' && !attached;

  return (
    <div className={cx(styles.box, mode === 'edit' && styles.editBox)} data-composer={mode} onKeyDown={(event) => { if (event.key !== 'Escape') return; if (onCancel && event.target !== area.current) { event.stopPropagation(); onCancel(editor.current?.read().text ?? content); } }}>
      {shown && <SuggestionList id={`${id}s`} list={shown.list} chosen={shown.chosen} onChoose={choose} onAccept={accept} />}
      <div ref={host} className={styles.text}>
        {!live && (
          <div className={styles.grow} data-value={content}>
            <textarea ref={area} className={styles.area} rows={1} aria-label={label} placeholder={label} defaultValue={initial} dir="auto" spellCheck data-composer-text=""
              onChange={changed} onSelect={() => selected()} onKeyDown={(event) => { onKey(event.nativeEvent); }} onPaste={(event) => { onPaste(event.nativeEvent); }} onBlur={() => onBlur?.()}
              onCompositionStart={() => { composing.current = true; }} onCompositionEnd={() => { composing.current = false; changed(); }} />
          </div>
        )}
      </div>
      {between}
      <div className={styles.tools}>
        {onFiles && (
          <>
            {tool(<Plus {...icon} />, t('chat.composer.attach'), `${ctrl}U`, () => chooser.current?.click())}
            <input ref={chooser} type="file" multiple hidden tabIndex={-1} aria-hidden="true" onChange={(event) => { const chosen = [...(event.target.files ?? [])]; event.target.value = ''; if (chosen.length > 0) onFiles(chosen); editor.current?.focus(); }} />
          </>
        )}
        <Popover open={picking} onOpenChange={setPicking} label={t('chat.emoji.label')} side="top" align="start" trigger={<IconButton label={t('chat.composer.emoji')} className={styles.tool}><SmilePlus {...icon} /></IconButton>}>
          <LazyEmojiPicker skinTone={preferences.skinTone} onClose={() => { setPicking(false); editor.current?.focus(); }} onPick={(glyph) => run(({ text, from, to }) => { const insert = glyph.startsWith(':') && /[\p{L}\p{N}]$/u.test(text.slice(0, from)) ? ` ${glyph}` : glyph; return { from, to, insert, anchor: from + insert.length, head: from + insert.length }; })} />
        </Popover>
        {preferences.toolbar && (
          <span className={styles.format} role="toolbar" aria-label={t('chat.composer.format')}>
            {tool(<Bold {...icon} />, t('chat.format.bold'), `${ctrl}B`, () => run((f) => toggleMark(f, 'bold')), marks.bold)}
            {tool(<Italic {...icon} />, t('chat.format.italic'), `${ctrl}I`, () => run((f) => toggleMark(f, 'italic')), marks.italic)}
            {tool(<Strikethrough {...icon} />, t('chat.format.strike'), `${ctrl}Shift+X`, () => run((f) => toggleMark(f, 'strike')), marks.strike)}
            {tool(<Code {...icon} />, t('chat.format.code'), `${ctrl}E`, () => run((f) => toggleMark(f, 'code')), marks.code)}
            {tool(<SquareCode {...icon} />, t('chat.format.block'), '', () => run(toggleCodeBlock))}
            {tool(<Link {...icon} />, t('chat.format.link'), `${ctrl}Shift+U`, () => run((f) => insertLink(f)))}
            {tool(<List {...icon} />, t('chat.format.list'), `${ctrl}Shift+8`, () => run((f) => toggleLines(f, 'bullet')))}
            {tool(<ListOrdered {...icon} />, t('chat.format.numbered'), `${ctrl}Shift+7`, () => run((f) => toggleLines(f, 'number')))}
            {tool(<TextQuote {...icon} />, t('chat.format.quote'), `${ctrl}Shift+9`, () => run((f) => toggleLines(f, 'quote')))}
          </span>
        )}
        <span className={styles.end}>
          {length >= LIMITS.content_characters * COUNT_FROM && <span className={cx(styles.counter, over > 0 && styles.over)} role="status">{over > 0 ? t('chat.over', { n: over }) : t('chat.left', { n: -over })}</span>}
          {mode === 'edit' && onCancel && <button type="button" className={styles.cancel} onClick={() => onCancel(editor.current?.read().text ?? content)}>{t('chat.cancel')}</button>}
          <button type="button" className={styles.send} aria-label={submitLabel} title={disabledReason ?? submitLabel} disabled={(mode !== 'edit' && blank) || over > 0 || disabledReason !== undefined} onClick={() => { void submit(); editor.current?.focus(); }}><SendHorizontal {...icon} />{mode === 'edit' && submitLabel}</button>
          {!blank && over <= 0 && props.sendMenu}
        </span>
      </div>
      {below}
    </div>
  );
}
