import type { Edit, Field } from './commands.ts';

/** What the composer needs of a text field; the plain field and the live editor both are one. */
export interface EditorHandle {
  read(): Field;
  /** One undoable step. */
  apply(edit: Edit): void;
  set(text: string): void;
  focus(): void;
  hasFocus(): boolean;
  /** Where the caret stands on screen, for lists beside it. */
  setAttributes(attributes: Record<string, string | null>): void;
  /** Names of chips changed. */
  refresh(): void;
  destroy(): void;
}

export interface EditorEvents {
  onChange(): void;
  onSelect(): void;
  /** True: taken care of. */
  onKey(event: KeyboardEvent): boolean;
  onPaste(event: ClipboardEvent): boolean;
  onBlur(): void;
  onFocus(): void;
}

/** The `<textarea>` as an editor. */
export function plainEditor(area: HTMLTextAreaElement, onSet: (text: string) => void): EditorHandle {
  return {
    read: () => ({ text: area.value, from: area.selectionStart, to: area.selectionEnd }),
    apply({ from, to, insert, anchor, head }) {
      area.focus();
      area.setSelectionRange(from, to);
      // The only way that keeps the browser's own undo; where it is refused, the text is put in without it.
      const done = insert === '' ? document.execCommand('delete') : document.execCommand('insertText', false, insert);
      if (!done && from !== to + insert.length) {
        area.setRangeText(insert, from, to, 'end');
        onSet(area.value);
      }
      area.setSelectionRange(Math.min(anchor, head), Math.max(anchor, head));
    },
    set(text) { area.value = text; onSet(text); },
    focus: () => area.focus(),
    hasFocus: () => document.activeElement === area,
    setAttributes(attributes) { for (const [name, value] of Object.entries(attributes)) if (value === null) area.removeAttribute(name); else area.setAttribute(name, value); },
    refresh: () => undefined,
    destroy: () => undefined,
  };
}
