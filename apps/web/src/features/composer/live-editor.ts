import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { Annotation, Compartment, EditorSelection, EditorState, StateEffect, StateField, type Extension, type Range } from '@codemirror/state';
import { Decoration, EditorView, keymap, placeholder, WidgetType, type DecorationSet } from '@codemirror/view';
import type { EditorEvents, EditorHandle } from './editor.ts';
import { styledSpans } from './live-spans.ts';

/**
 * The live editor: CodeMirror with the message's markup styled in place. The text is the message's content to the letter,
 * so nothing is converted and nothing can be lost. A chunk of its own, loaded after first paint.
 */
export interface LiveOptions {
  parent: HTMLElement;
  /** The text as it was when the plain field was empty or loaded; what was typed since is one undoable step. */
  base: string;
  text: string;
  from: number;
  to: number;
  focused: boolean;
  label: string;
  placeholder: string;
  nonce: string | undefined;
  className: string;
  looks: Readonly<Record<string, string | undefined>>;
  nameOf(reference: string): { text: string; own: boolean; dim: boolean };
  events: EditorEvents;
}

const refresh = StateEffect.define<null>();
const silent = Annotation.define<boolean>();

class Chip extends WidgetType {
  readonly text: string;
  readonly className: string;
  constructor(text: string, className: string) { super(); this.text = text; this.className = className; }
  override eq(other: Chip): boolean { return other.text === this.text && other.className === this.className; }
  override toDOM(): HTMLElement {
    const chip = document.createElement('span');
    chip.className = this.className;
    chip.textContent = this.text;
    return chip;
  }
  override ignoreEvent(): boolean { return false; }
}

export function createLiveEditor(options: LiveOptions): EditorHandle & { root: HTMLElement } {
  const { looks, nameOf, events } = options;
  const build = (state: EditorState): { all: DecorationSet; atoms: DecorationSet } => {
    const text = state.doc.toString();
    const marks: Range<Decoration>[] = [];
    const atoms: Range<Decoration>[] = [];
    for (const span of styledSpans(text)) {
      if (span.look === 'chip') {
        const name = nameOf(text.slice(span.from, span.to));
        const chip = Decoration.replace({ widget: new Chip(name.text, [looks['chip'], name.own && looks['own'], name.dim && looks['dim']].filter(Boolean).join(' ')) }).range(span.from, span.to);
        marks.push(chip);
        atoms.push(chip);
      } else if (span.look === 'fence' || span.look === 'quote') {
        const className = looks[span.look] ?? '';
        for (let line = state.doc.lineAt(span.from); ; line = state.doc.line(line.number + 1)) {
          marks.push(Decoration.line({ class: className, attributes: span.look === 'fence' ? { spellcheck: 'false', dir: 'ltr' } : {} }).range(line.from));
          if (line.to >= span.to || line.number >= state.doc.lines) break;
        }
      } else marks.push(Decoration.mark({ class: looks[span.look] ?? '', ...(span.look === 'code' ? { attributes: { spellcheck: 'false' } } : {}) }).range(span.from, span.to));
    }
    return { all: Decoration.set(marks, true), atoms: Decoration.set(atoms, true) };
  };
  const styles = StateField.define({
    create: build,
    update: (value, tr) => (tr.docChanged || tr.effects.some((effect) => effect.is(refresh)) ? build(tr.state) : value),
    provide: (field) => [EditorView.decorations.from(field, (value) => value.all), EditorView.atomicRanges.of((view) => view.state.field(field).atoms)],
  });
  const attributes = new Compartment();
  let extra: Record<string, string> = {};
  const contentAttributes = (): Extension => EditorView.contentAttributes.of({ 'aria-label': options.label, 'aria-multiline': 'true', role: 'textbox', spellcheck: 'true', autocorrect: 'on', autocapitalize: 'sentences', 'data-composer-text': '', ...extra });

  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.base,
      extensions: [
        EditorView.domEventHandlers({
          keydown: (event) => events.onKey(event),
          paste: (event) => events.onPaste(event),
          blur: () => { events.onBlur(); return false; },
          focus: () => { events.onFocus(); return false; },
        }),
        history(),
        keymap.of([...historyKeymap, ...defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter' && binding.key !== 'Escape' && binding.key !== 'Ctrl-k' && binding.mac !== 'Ctrl-k' && binding.key !== 'Alt-ArrowUp' && binding.key !== 'Alt-ArrowDown' && binding.key !== 'Mod-i' && binding.key !== 'Mod-[' && binding.key !== 'Mod-]')]),
        EditorView.lineWrapping,
        EditorView.perLineTextDirection.of(true),
        placeholder(options.placeholder),
        attributes.of(contentAttributes()),
        EditorView.editorAttributes.of({ class: options.className }),
        ...(options.nonce === undefined ? [] : [EditorView.cspNonce.of(options.nonce)]),
        styles,
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.every((tr) => tr.annotation(silent))) events.onChange();
          else if (update.selectionSet) events.onSelect();
        }),
      ],
    }),
  });
  // What was typed into the plain field is undone as one step.
  if (options.text !== options.base) view.dispatch({ changes: { from: 0, to: options.base.length, insert: options.text }, annotations: silent.of(true) });
  view.dispatch({ selection: EditorSelection.single(Math.min(options.from, options.text.length), Math.min(options.to, options.text.length)), annotations: silent.of(true) });
  if (options.focused) view.focus();

  return {
    root: view.dom,
    read: () => { const { from, to } = view.state.selection.main; return { text: view.state.doc.toString(), from, to }; },
    apply: ({ from, to, insert, anchor, head }) => {
      view.dispatch({ changes: { from, to, insert }, selection: EditorSelection.single(anchor, head), scrollIntoView: true, userEvent: 'input' });
      view.focus();
    },
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: EditorSelection.cursor(text.length) }),
    focus: () => view.focus(),
    hasFocus: () => view.hasFocus,
    setAttributes: (next) => {
      const merged: Record<string, string> = { ...extra };
      for (const [name, value] of Object.entries(next)) if (value === null) delete merged[name]; else merged[name] = value;
      if (JSON.stringify(merged) === JSON.stringify(extra)) return;
      extra = merged;
      view.dispatch({ effects: attributes.reconfigure(contentAttributes()), annotations: silent.of(true) });
    },
    refresh: () => view.dispatch({ effects: refresh.of(null), annotations: silent.of(true) }),
    destroy: () => view.destroy(),
  };
}
