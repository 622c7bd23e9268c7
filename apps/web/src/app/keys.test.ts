import { describe, expect, it } from 'vitest';
import { COMMANDS, keysOf } from './commands.ts';
import { pressed, showKeys, type KeyEvent } from './keys.ts';

const event = (over: Partial<KeyEvent>): KeyEvent => ({ key: '', code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...over });

/** What a browser reports for keys as the table writes them. */
function eventOf(keys: string, mac: boolean): KeyEvent {
  const parts = keys.split('+');
  const key = parts.pop()!;
  return event({ key: key.length === 1 ? (parts.includes('Shift') ? key : key.toLowerCase()) : key, code: /^[A-Z]$/.test(key) ? `Key${key}` : key, ctrlKey: parts.includes('Ctrl') || (parts.includes('Mod') && !mac), metaKey: parts.includes('Mod') && mac, altKey: parts.includes('Alt'), shiftKey: parts.includes('Shift') });
}

/** KEY-2: in a tab these never reach the page. */
const KEPT_BY_BROWSERS = ['Mod+T', 'Mod+N', 'Mod+W', 'Mod+Shift+T', 'Mod+Shift+N', 'Mod+Shift+W', 'Ctrl+Tab', 'Ctrl+PageUp', 'Ctrl+PageDown'];

describe('KEY-1 commands', () => {
  for (const desktop of [false, true]) {
    it(`KEY-1 no key is bound twice (${desktop ? 'desktop' : 'web'})`, () => {
      const all = COMMANDS.flatMap((command) => keysOf(command, desktop));
      expect(all.filter((keys, index) => all.indexOf(keys) !== index)).toEqual([]);
    });
    it(`KEY-1 each key reaches exactly its command (${desktop ? 'desktop' : 'web'})`, () => {
      for (const command of COMMANDS) {
        for (const keys of keysOf(command, desktop)) {
          for (const mac of [false, true]) {
            const found = COMMANDS.filter((other) => keysOf(other, desktop).some((one) => pressed(eventOf(keys, mac), one, mac)));
            expect(found.map((other) => other.id), keys).toEqual([command.id]);
          }
        }
      }
    });
  }
  it('KEY-2 no command depends on a key that browsers keep, and none uses Ctrl+Alt with a letter', () => {
    for (const command of COMMANDS) {
      for (const keys of command.keys ?? []) {
        expect(KEPT_BY_BROWSERS).not.toContain(keys);
        expect(keys).not.toMatch(/(Mod|Ctrl)\+Alt\+[A-Z]$/);
      }
    }
  });
  it('KEY-2 letters go by what they write, by their place where they write none', () => {
    expect(pressed(event({ key: 'k', code: 'KeyT', ctrlKey: true }), 'Mod+K', false)).toBe(true);
    expect(pressed(event({ key: 'л', code: 'KeyK', ctrlKey: true }), 'Mod+K', false)).toBe(true);
    expect(pressed(event({ key: 'л', code: 'KeyK', ctrlKey: true }), 'Mod+T', false)).toBe(false);
  });
  it('KEY-2 signs behind Shift count on layouts that put them there', () => {
    expect(pressed(event({ key: '/', code: 'Digit7', ctrlKey: true, shiftKey: true }), 'Mod+/', false)).toBe(true);
  });
  it('KEY-2 shows keys as the system writes them', () => {
    expect(showKeys('Mod+Shift+K', false)).toBe('Ctrl Shift K');
    expect(showKeys('Mod+Shift+K', true)).toBe('⌘⇧K');
  });
});
