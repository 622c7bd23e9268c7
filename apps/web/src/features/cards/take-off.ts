import { removeCard } from '@parley/shared/protocol/calls/cards';
import type { Message } from '@parley/shared/protocol/entities';
import type { Translate } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { explain } from '../../state/problem.ts';
import { announce } from '../../ui/announce.ts';
import { showToast } from '../../ui/toast.tsx';

/** Takes a card off one's own message; everybody's screen follows from the stream. */
export async function takeOff(message: Message, url: string, t: Translate): Promise<void> {
  const trouble = explain(await callServer(removeCard, { channel_id: message.channel_id, message_id: message.id, url }), t);
  if (trouble === null) announce(t('chat.card_removed'));
  else showToast(trouble);
}
