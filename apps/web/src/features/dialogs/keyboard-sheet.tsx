import { useState } from 'react';
import { COMMANDS, keysOf, type Command } from '../../app/commands.ts';
import { showKeys } from '../../app/keys.ts';
import { useRunCommand } from '../../app/use-commands.ts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import styles from './dialogs.module.css';

const GROUPS = ['go', 'channel', 'view', 'me'] as const;

/** SHT-1: every key that works here, searchable; each row runs its command. */
export function KeyboardSheet({ onClose }: { onClose(): void }) {
  const t = useText();
  const run = useRunCommand();
  const [query, setQuery] = useState('');
  const shown = (command: Command) => keysOf(command, platform.kind === 'desktop').length > 0 && t(command.title).toLowerCase().includes(query.trim().toLowerCase());
  return (
    <Dialog title={t('command.sheet')} wide closeLabel={t('app.close')} onClose={onClose}>
      <Field label={t('sheet.search')} hideLabel placeholder={t('sheet.search')} autoFocus value={query} onChange={(event) => setQuery(event.target.value)} />
      <div className={styles.sheet}>
        {GROUPS.map((group) => {
          const commands = COMMANDS.filter((command) => command.group === group && shown(command));
          return commands.length === 0 ? null : (
            <section key={group}>
              <h3>{t(`command.group_${group}`)}</h3>
              <ul>
                {commands.map((command) => (
                  <li key={command.id}>
                    <button type="button" onClick={() => { onClose(); setTimeout(() => run(command)); }}>
                      {t(command.title)}<kbd className={styles.keys}>{keysOf(command, platform.kind === 'desktop').map((keys) => showKeys(keys, platform.isMac)).join(' · ')}</kbd>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}
