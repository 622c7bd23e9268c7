import { uuidv7 } from '@parley/shared/domain/ids';
import type { Engine } from '@parley/shared/sync/api';
import type { Translate } from '../../i18n/text.tsx';
import { openDialog } from '../../state/screen.ts';
import { announce } from '../../ui/announce.ts';
import { showToast } from '../../ui/toast.tsx';
import { panes } from '../message-list/panes.ts';

/** What is to be sent later, and from where. */
export interface Unsent {
  engine: Engine;
  channelId: string;
  rootId: string | null;
  content: string;
  broadcast: boolean;
  t: Translate;
  /** It is kept: the field is free. */
  done(): void;
}

/** CMP-14: asks for the time, and leaves the rest to the server. */
export function pickAndSchedule(unsent: Unsent): void {
  if (unsent.content.trim() === '') return;
  openDialog({ kind: 'pick_time', purpose: 'schedule', at: null, onPick: (at, said) => void schedule(unsent, at, said) });
}

async function schedule({ engine, channelId, rootId, content, broadcast, t, done }: Unsent, at: number, said: string): Promise<void> {
  panes.composer(channelId, rootId)?.flush?.();
  const draft = engine.draft(channelId, rootId).get();
  const clientMsgId = draft?.content ? draft.clientMsgId : uuidv7({ now: () => Date.now() }, { bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) });
  try {
    await engine.schedule({ channelId, rootId, content, clientMsgId, sendAt: new Date(at).toISOString(), ...(broadcast ? { broadcast } : {}) });
  } catch {
    announce(t('chat.send.refused'), 'now');
    showToast(t('chat.send.refused'));
    return;
  }
  done();
  showToast(t('scheduled.done', { at: said }), {
    label: t('app.undo'),
    run: () => {
      void engine.unschedule(channelId, clientMsgId);
      const composer = panes.composer(channelId, rootId);
      const rest = composer?.text() ?? '';
      const text = rest.trim() === '' ? content : `${content}\n\n${rest}`;
      if (composer) composer.set(text);
      else engine.setDraft(channelId, rootId, text);
      composer?.focus();
    },
  });
}
