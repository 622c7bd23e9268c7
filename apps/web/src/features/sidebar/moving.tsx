import { Ellipsis, FolderInput, Star, StarOff } from 'lucide-react';
import { useState, type DragEvent } from 'react';
import { STARRED, type Section } from '@parley/shared/protocol/entities';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { openDialog } from '../../state/screen.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { ContextMenu, Menu, MenuItem, MenuLine, SubMenu } from '../../ui/menu.tsx';
import { showToast } from '../../ui/toast.tsx';
import { ChannelRow } from './channel-row.tsx';
import { moveTo, shiftSection } from './move.ts';
import styles from './sidebar.module.css';

const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;
const DRAGGED = 'text/x-parley-channel';

/** A row that is dragged into a section, or moved by its menu (right click, Shift+F10, long press). */
export function MovableRow({ view, sections, current, unsent }: { view: ChannelView; sections: readonly Section[]; current: boolean; unsent: boolean }) {
  const t = useText();
  const engine = useEngine();
  const name = useChannelName(view);
  const inside = sections.find((section) => section.channel_ids.includes(view.id));
  const starred = inside?.id === STARRED;
  const others = sections.filter((section) => section.id !== STARRED && section.id !== inside?.id);
  const move = (to: string | null) => moveTo(engine, sections, view.id, to);
  return (
    <ContextMenu label={t('sidebar.row_menu', { name })} trigger={
      <li draggable data-channel={view.id} onDragStart={(event) => { event.dataTransfer.setData(DRAGGED, view.id); event.dataTransfer.effectAllowed = 'move'; }}>
        <ChannelRow view={view} current={current} unsent={unsent} />
      </li>
    }>
      <MenuItem icon={starred ? <StarOff {...icon} /> : <Star {...icon} />} onSelect={() => move(starred ? null : STARRED)}>{t(starred ? 'sidebar.unstar' : 'sidebar.star')}</MenuItem>
      <SubMenu icon={<FolderInput {...icon} />} label={t('sidebar.move_to')}>
        {others.map((section) => <MenuItem key={section.id} onSelect={() => move(section.id)}>{section.name}</MenuItem>)}
        {inside !== undefined && <MenuItem onSelect={() => move(null)}>{t('sidebar.no_section')}</MenuItem>}
        <MenuItem onSelect={() => openDialog({ kind: 'section', id: null, name: '', channelId: view.id })}>{t('sidebar.new_section')}</MenuItem>
      </SubMenu>
    </ContextMenu>
  );
}

/** What a person may do with a section of their own. */
export function SectionMenu({ section, sections }: { section: Section; sections: readonly Section[] }) {
  const t = useText();
  const engine = useEngine();
  const drop = () => {
    const { id, name, position, channel_ids } = section;
    void engine.dropSection(id);
    showToast(t('sidebar.section_deleted', { name }), { label: t('app.undo'), run: () => void engine.putSection(id, { name, position, channelIds: channel_ids }) });
  };
  return (
    <Menu align="end" trigger={<IconButton label={t('sidebar.section_menu', { name: section.name })} className={styles.add!}><Ellipsis size={16} aria-hidden="true" /></IconButton>}>
      <MenuItem onSelect={() => openDialog({ kind: 'section', id: section.id, name: section.name, channelId: null })}>{t('sidebar.section_rename')}</MenuItem>
      <MenuItem onSelect={() => shiftSection(engine, sections, section.id, -1)}>{t('sidebar.section_up')}</MenuItem>
      <MenuItem onSelect={() => shiftSection(engine, sections, section.id, 1)}>{t('sidebar.section_down')}</MenuItem>
      <MenuLine />
      <MenuItem danger onSelect={drop}>{t('sidebar.section_delete')}</MenuItem>
    </Menu>
  );
}

/** Lets rows be dropped on a section: on one of its rows they come before it. `null`: out of every section. */
export function useDropTarget(sectionId: string | null, sections: readonly Section[]) {
  const engine = useEngine();
  const [over, setOver] = useState(false);
  return {
    'data-drop': over ? '' : undefined,
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false); },
    onDrop: (event: DragEvent) => {
      const channelId = event.dataTransfer.getData(DRAGGED);
      setOver(false);
      if (channelId === '') return;
      event.preventDefault();
      const before = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-channel]')?.dataset['channel'] : undefined;
      moveTo(engine, sections, channelId, sectionId, sectionId === null ? null : (before ?? null));
    },
  };
}
