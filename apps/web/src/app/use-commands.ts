import { useCallback, useEffect, useRef } from 'react';
import { platform } from '../platform/platform.ts';
import { useEngine } from '../state/engine.tsx';
import { usePlace } from '../state/place.tsx';
import { openDialog, useScreen } from '../state/screen.ts';
import { COMMANDS, keysOf, type Command, type CommandContext } from './commands.ts';
import { pressed } from './keys.ts';
import { rememberFocus } from './regions.ts';

const isText = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Runs a command where one is. */
export function useRunCommand(): (command: Command) => boolean {
  const engine = useEngine();
  const place = usePlace();
  return useCallback(
    (command) => {
      const context: CommandContext = { engine, place, typing: isText(document.activeElement) };
      if (command.when && !command.when(context)) return false;
      return command.run(context) !== false;
    },
    [engine, place],
  );
}

/** Listens to the keys of the table for as long as the app is shown. */
export function useCommandKeys(): void {
  const run = useRunCommand();
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  }, [run]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.key === 'Process') return;
      const modal = document.querySelector('[role=dialog][data-state=open],[role=alertdialog][data-state=open]') !== null;
      for (const command of COMMANDS) {
        if (!keysOf(command, platform.kind === 'desktop').some((keys) => pressed(event, keys, platform.isMac))) continue;
        if (modal && !(command.id === 'switcher' && useScreen.getState().dialog?.kind !== 'switcher')) return;
        if (latest.current(command)) event.preventDefault();
        return;
      }
      if (event.key === '?' && !isText(event.target) && !modal && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        openDialog({ kind: 'sheet' });
      }
    };
    window.addEventListener('keydown', onKey);
    document.addEventListener('focusin', rememberFocus);
    return () => {
      window.removeEventListener('keydown', onKey);
      document.removeEventListener('focusin', rememberFocus);
    };
  }, []);
}
