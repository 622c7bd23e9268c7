import { CalendarClock, BellOff, ChevronDown } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import styles from './composer.module.css';

const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;

/** CMP-1: other ways to send what is written. */
export function SendMenu({ onSchedule, onQuiet }: { onSchedule(): void; onQuiet(): void }) {
  const t = useText();
  return (
    <Menu align="end" side="top" label={t('chat.send_options')} trigger={<button type="button" className={styles.more} aria-label={t('chat.send_options')} title={t('chat.send_options')}><ChevronDown size={16} strokeWidth={2} aria-hidden="true" /></button>}>
      <MenuItem icon={<CalendarClock {...icon} />} keys={platform.isMac ? '⇧⌘↵' : 'Ctrl Shift ↵'} onSelect={onSchedule}>{t('chat.schedule')}</MenuItem>
      <MenuItem icon={<BellOff {...icon} />} onSelect={onQuiet}>{t('chat.send_quiet')}</MenuItem>
    </Menu>
  );
}
