import { getMessages } from '@parley/shared/protocol/calls/messages';
import type { Message } from '@parley/shared/protocol/entities';
import { useEffect, useState } from 'react';
import { callServer } from '../../state/api.ts';

const KEPT = 500;
const FRESH_MS = 30_000;
/** What was found, by account and message; null: not for this person, or gone. Shown again at once, and asked again when old. */
const held = new Map<string, { at: number; message: Message | null }>();
const asking = new Map<string, Promise<Message | null | undefined>>();

/** A message that is linked to, when this person may read it. What one may not read is as if it were not there. */
export function useLinkedMessage(account: string, channelId: string, messageId: string): Message | null {
  const key = `${account}/${messageId}`;
  const [message, setMessage] = useState(() => held.get(key)?.message ?? null);
  useEffect(() => {
    const known = held.get(key);
    setMessage(known?.message ?? null);
    if (known && Date.now() - known.at < FRESH_MS) return;
    let live = true;
    void ask(key, channelId, messageId).then((found) => {
      if (live && found !== undefined) setMessage(found);
    });
    return () => { live = false; };
  }, [key, channelId, messageId]);
  return message;
}

/** Undefined: the server could not be asked, and what is shown stays. */
function ask(key: string, channelId: string, messageId: string): Promise<Message | null | undefined> {
  const under = asking.get(key) ?? fetchMessage(channelId, messageId).then((found) => {
    if (found !== undefined) {
      held.delete(key);
      held.set(key, { at: Date.now(), message: found });
      for (const oldest of held.keys()) if (held.size > KEPT) held.delete(oldest);
    }
    return found;
  }).finally(() => asking.delete(key));
  asking.set(key, under);
  return under;
}

async function fetchMessage(channelId: string, messageId: string): Promise<Message | null | undefined> {
  const outcome = await callServer(getMessages, { channel_id: channelId, message_id: messageId, page_size: 1 });
  if (outcome.kind === 'ok') {
    const found = outcome.value.messages.find((one) => one.id === messageId);
    return found && !found.deleted ? found : null;
  }
  return outcome.kind === 'problem' && (outcome.problem.code === 'not_found' || outcome.problem.code === 'forbidden') ? null : undefined;
}
