import { Plus, Users } from 'lucide-react';
import { useMemo, useState } from 'react';
import { fold } from '../../features/composer/suggest.ts';
import { useText } from '../../i18n/text.tsx';
import { useConnection, useGroups } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { usePlace } from '../../state/place.tsx';
import { openDialog } from '../../state/screen.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Switch } from '../../ui/choice.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Field } from '../../ui/field.tsx';
import { SceneHead } from '../scene-head.tsx';
import styles from '../scene.module.css';

/** The workspace's groups, from what this device holds: there without a connection, too. */
export function GroupsScene() {
  const t = useText();
  const { workspaceId } = usePlace();
  const groups = useGroups(workspaceId);
  const offline = useConnection().kind === 'offline';
  const may = useMay(workspaceId, null)('workspace.groups_emoji');
  const [query, setQuery] = useState('');
  const [archived, setArchived] = useState(false);
  const wanted = fold(query.trim().replace(/^@/, ''));
  const shown = useMemo(() => groups.filter((group) => (archived || !group.archived) && (wanted === '' || group.handle.includes(wanted) || fold(group.name).includes(wanted))), [groups, archived, wanted]);
  const add = () => openDialog({ kind: 'edit_group', groupId: null });
  return (
    <main className={styles.scene} id="main" aria-label={t('command.groups')}>
      <SceneHead title={t('command.groups')}>
        {may && <Button variant="primary" size="small" icon={<Plus size={16} aria-hidden="true" />} aria-disabled={offline || undefined} title={offline ? t('app.needs_server') : undefined} onClick={add}>{t('groups.new')}</Button>}
      </SceneHead>
      <div className={styles.body} data-region="6">
        <div className={styles.column}>
          {offline && <Banner>{t('app.needs_server')}</Banner>}
          {groups.length > 0 && (
            <div className={styles.tools}>
              <Field className={styles.grow!} label={t('groups.search')} value={query} autoComplete="off" onChange={(event) => setQuery(event.target.value)} />
              {groups.some((group) => group.archived) && <Switch label={t('groups.show_archived')} checked={archived} onChange={setArchived} />}
            </div>
          )}
          {shown.length === 0 && <EmptyState icon={<Users aria-hidden="true" />} action={may && groups.length === 0 && !offline ? <Button onClick={add}>{t('groups.new')}</Button> : undefined}>{query === '' ? t('groups.none') : t('groups.found_none', { query })}</EmptyState>}
          {shown.length > 0 && (
            <ul className={styles.list}>
              {shown.map((group) => (
                <li key={group.id}>
                  <button type="button" className={styles.item} onClick={() => openDialog({ kind: 'group', groupId: group.id })}>
                    <Users size={18} strokeWidth={1.75} aria-hidden="true" />
                    <span className={styles.text}>
                      <span><bdi className={styles.strong}>{group.name}</bdi> <span className={styles.soft}>@<bdi>{group.handle}</bdi></span></span>
                      <span className={styles.soft}>{t('chat.group_members', { n: group.member_count })}{group.mine ? ` · ${t('groups.mine')}` : ''}{group.archived ? ` · ${t('groups.archived')}` : ''}</span>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
          <p className={styles.soft}>{t('groups.text')}</p>
        </div>
      </div>
    </main>
  );
}
