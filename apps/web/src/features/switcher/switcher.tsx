import { Command as Cmdk } from 'cmdk';
import { CornerDownLeft, Hash, Lock, Terminal } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useMemo, useState, type ReactNode } from 'react';
import { getUsers } from '@parley/shared/protocol/calls/accounts';
import { openDm } from '@parley/shared/protocol/calls/channels';
import { COMMANDS, keysOf, type Command } from '../../app/commands.ts';
import { showKeys } from '../../app/keys.ts';
import { useRunCommand } from '../../app/use-commands.ts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { callServer } from '../../state/api.ts';
import { rowBadge } from '../../state/counts.ts';
import { useChannels, useEngine } from '../../state/engine.tsx';
import { nameOf, partnersOf, useUsers } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { explain } from '../../state/problem.ts';
import { go, paths } from '../../state/routes.ts';
import { usePages } from '../../state/use-pages.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Badge } from '../../ui/badge.tsx';
import { showToast } from '../../ui/toast.tsx';
import { countUse, fold, rank, scores, type Entry } from './rank.ts';
import styles from './switcher.module.css';

interface Row extends Entry {
  name: string;
  detail: string;
  icon: ReactNode;
  end?: ReactNode;
  run(): void;
}

const SHOWN = 12;

/** KEY-4: channels, people and commands by a few letters. Prefixes narrow: `#`, `@`, `>`. */
export function Switcher({ start, onClose }: { start: string; onClose(): void }) {
  const t = useText();
  const engine = useEngine();
  const place = usePlace();
  const runCommand = useRunCommand();
  const [query, setQuery] = useState(start);
  const prefix = /^[#@>]/.test(query) ? query[0]! : '';
  const needle = query.slice(prefix.length).trim();
  const views = useChannels(place.workspaceId);
  const partnerIds = useMemo(() => [...new Set(views.filter((view) => view.channel.name === '').flatMap((view) => partnersOf(view, engine.accountId)))], [views, engine.accountId]);
  const users = useUsers(partnerIds);
  const directory = usePages(getUsers, prefix === '#' || prefix === '>' || needle === '' ? null : { workspace_id: place.workspaceId, query: needle.slice(0, 100), page_size: 20 });
  const [now] = useState(() => Date.now());
  const used = useMemo(() => scores(now), [now]);

  const conversations = useMemo<readonly Row[]>(
    () =>
      views.map((view) => {
        const name = nameOf(view, engine.accountId, users, t);
        const badge = rowBadge(view);
        const direct = view.channel.name === '';
        const partner = partnersOf(view, engine.accountId)[0] ?? view.id;
        return {
          id: view.id, name, text: `${name} ${direct ? (users.get(partner)?.username ?? '') : view.channel.topic}`, detail: direct ? '' : view.channel.topic,
          weight: (badge.number > 0 ? 600 : 0) + (badge.bold ? 200 : 0) + Math.min(used(view.id) * 10, 90),
          icon: direct ? <Avatar id={partner} name={name} size={1.25} /> : view.channel.kind === 'private' ? <Lock size={18} strokeWidth={1.75} aria-hidden="true" /> : <Hash size={18} strokeWidth={1.75} aria-hidden="true" />,
          end: badge.number > 0 ? <Badge count={badge.number} /> : undefined,
          run: () => {
            countUse(view.id, Date.now());
            go(paths.channel(view.workspaceId, view.id));
          },
        };
      }),
    [views, users, engine.accountId, t, used],
  );
  const folded = useMemo(() => conversations.map((row) => fold(row.text)), [conversations]);
  const commands = useMemo<readonly Row[]>(
    () =>
      COMMANDS.filter((command) => !command.keysOnly && command.id !== 'switcher' && (!command.when || command.when({ engine, place, typing: false }))).map((command: Command) => ({
        id: `command:${command.id}`, name: t(command.title), text: t(command.title), detail: '', weight: used(`command:${command.id}`),
        icon: <Terminal size={18} strokeWidth={1.75} aria-hidden="true" />,
        end: keysOf(command, platform.kind === 'desktop').length > 0 ? <kbd className={styles.soft}>{showKeys(keysOf(command, platform.kind === 'desktop')[0]!, platform.isMac)}</kbd> : undefined,
        run: () => {
          countUse(`command:${command.id}`, Date.now());
          runCommand(command);
        },
      })),
    [engine, place, t, used, runCommand],
  );
  const known = useMemo(() => new Set(views.filter((view) => view.channel.kind === 'dm').flatMap((view) => partnersOf(view, engine.accountId))), [views, engine.accountId]);
  const people: readonly Row[] = (directory.items ?? [])
    .filter((user) => !user.deactivated && (prefix === '@' || !known.has(user.id)))
    .map((user) => ({
      id: `user:${user.id}`, name: user.display_name, text: `${user.display_name} ${user.username}`, detail: `@${user.username}`, weight: used(`user:${user.id}`),
      icon: <Avatar id={user.id} name={user.display_name} size={1.25} url={user.avatar_url} />,
      run: () => {
        countUse(`user:${user.id}`, Date.now());
        void callServer(openDm, { workspace_id: place.workspaceId, user_ids: [user.id] }).then((outcome) => {
          if (outcome.kind === 'ok') go(paths.channel(place.workspaceId, outcome.value.id));
          else showToast(explain(outcome, t) ?? '');
        });
      },
    }));
  const rooms = prefix === '' || prefix === '#' ? rank(conversations, needle, SHOWN, folded).filter((row) => prefix !== '#' || !views.some((view) => view.id === row.id && view.channel.name === '')) : [];
  const acts = prefix === '>' || (prefix === '' && needle !== '') ? rank(commands, needle, prefix === '>' ? 40 : 5) : [];
  const choose = (row: Row) => {
    onClose();
    // After the dialog has given the focus back.
    setTimeout(row.run);
  };
  const group = (heading: string, rows: readonly Row[]) =>
    rows.length > 0 && (
      <Cmdk.Group heading={heading} className={styles.group}>
        {rows.map((row) => (
          <Cmdk.Item key={row.id} value={row.id} className={styles.item} onSelect={() => choose(row)}>
            {row.icon}<bdi className={styles.name}>{row.name}</bdi><span className={styles.soft}>{row.detail}</span>{row.end}
          </Cmdk.Item>
        ))}
      </Cmdk.Group>
    );
  const nothing = rooms.length + acts.length + people.length === 0;
  return (
    <Radix.Root open onOpenChange={(open) => { if (!open) onClose(); }}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content className={styles.palette} aria-describedby={undefined}>
          <Radix.Title className="visually-hidden">{t('command.switcher')}</Radix.Title>
          <Cmdk shouldFilter={false} label={t('switcher.label')} loop>
            <Cmdk.Input className={styles.input} placeholder={t('switcher.placeholder')} value={query} onValueChange={setQuery} />
            <Cmdk.List className={styles.list} label={t('switcher.results')}>
              {nothing && <div className={styles.empty} role="status">{needle === '' ? t('switcher.none_yet') : t('switcher.none', { query: needle })}</div>}
              {group(needle === '' ? t('switcher.recent') : t('switcher.conversations'), rooms)}
              {prefix !== '>' && prefix !== '#' && group(t('switcher.people'), people)}
              {group(t('switcher.commands'), acts)}
            </Cmdk.List>
          </Cmdk>
          <div className={styles.foot} aria-hidden="true">
            <span><kbd>#</kbd> {t('sidebar.channels')}</span><span><kbd>@</kbd> {t('switcher.people')}</span><span><kbd>&gt;</kbd> {t('switcher.commands')}</span><span><CornerDownLeft size={12} /> {t('switcher.open')}</span>
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
