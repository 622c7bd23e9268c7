import type { Engine } from '@parley/shared/sync/api';
import type { Translate } from '../../i18n/text.tsx';
import { announce } from '../../ui/announce.ts';
import { panes } from '../message-list/panes.ts';

/** Where the caret stood in the last text that was sent from each composer: it goes back there with the text. */
const carets = new Map<string, { content: string; caret: number }>();

export const noteCaret = (channelId: string, rootId: string | null, content: string, caret: number): void => void carets.set(`${channelId}/${rootId ?? ''}`, { content, caret });

/** The last message of this place that can be taken back. */
export function heldAt(engine: Engine, channelId: string, rootId: string | null): string | null {
  return engine.outbox.get().filter((item) => item.act === 'send' && item.state.kind === 'held' && item.channelId === channelId && item.rootId === rootId).at(-1)?.key ?? null;
}

/** CMP-14: its text is in the composer again, before what stands there. */
export async function takeBack(engine: Engine, channelId: string, rootId: string | null, clientMsgId: string, t: Translate): Promise<void> {
  panes.composer(channelId, rootId)?.flush?.();
  const text = await engine.unsend(channelId, clientMsgId).catch(() => null);
  if (text === null) return announce(t('chat.held.late'), 'now');
  const sent = carets.get(`${channelId}/${rootId ?? ''}`);
  const composer = panes.composer(channelId, rootId);
  composer?.set(text, sent && text.startsWith(sent.content) ? sent.caret : text.length);
  composer?.focus();
  announce(t('chat.held.back'));
}
