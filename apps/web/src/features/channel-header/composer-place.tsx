import { useState } from 'react';
import { joinChannel, unarchiveChannel } from '@parley/shared/protocol/calls/channels';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { useConnection, useEngine, useUser } from '../../state/engine.tsx';
import { partnersOf } from '../../state/people.ts';
import { useMay } from '../../state/permission.ts';
import { explain } from '../../state/problem.ts';
import { Button } from '../../ui/button.tsx';
import { showToast } from '../../ui/toast.tsx';
import { Composer } from '../composer/composer.tsx';
import styles from './channel-header.module.css';

/** CHN-2: the composer, or why one cannot write here and what one can do instead. */
export function ComposerPlace({ view }: { view: ChannelView }) {
  const t = useText();
  const may = useMay(view.workspaceId, view);
  const engine = useEngine();
  const partner = useUser(view.channel.kind === 'dm' ? (partnersOf(view, engine.accountId)[0] ?? engine.accountId) : engine.accountId);
  if (view.channel.archived) {
    return (
      <div className={styles.bar}>
        {t('channel.archived')}
        {may('channel.archive') && <Act label={t('channel.unarchive')} run={() => callServer(unarchiveChannel, { channel_id: view.id })} />}
      </div>
    );
  }
  if (view.membership === null && (view.channel.kind === 'public' || view.channel.kind === 'private')) {
    return (
      <div className={styles.bar}>
        {t('channel.looking', { channel: view.channel.name })}
        {may('channel.join') && <Act primary label={t('channel.join')} run={() => callServer(joinChannel, { channel_id: view.id })} />}
      </div>
    );
  }
  if (view.channel.importing) return <div className={styles.bar}>{t('channel.importing')}</div>;
  if (!may('message.post')) return <div className={styles.bar}>{t('channel.posting_limited')}</div>;
  if (partner?.deactivated) return <div className={styles.bar}>{t('channel.deactivated', { name: partner.display_name })}</div>;
  return <Composer channelId={view.id} />;
}

/** A call that needs the server; says why when it cannot be done. */
function Act({ label, primary, run }: { label: string; primary?: boolean; run(): ReturnType<typeof callServer> }) {
  const t = useText();
  const offline = useConnection().kind === 'offline';
  const [busy, setBusy] = useState(false);
  return (
    <Button
      size="small" variant={primary ? 'primary' : 'quiet'} busy={busy} aria-disabled={offline || undefined} title={offline ? t('app.needs_server') : undefined}
      onClick={() => {
        setBusy(true);
        void run().then((outcome) => {
          setBusy(false);
          const why = explain(outcome, t);
          if (why !== null) showToast(why);
        });
      }}
    >
      {label}
    </Button>
  );
}
