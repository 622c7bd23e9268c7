import { useEffect, useState } from 'react';
import { getMessages } from '@parley/shared/protocol/calls/messages';
import type { Message } from '@parley/shared/protocol/entities';
import { callServer } from '../../state/api.ts';

/** A kept message's text: `unknown` while the server cannot be reached, `gone` for what one may not read any more. */
export type Kept = Message | 'unknown' | 'gone';

/** As last fetched; what was once shown is shown again at once, without a network too. */
const held = new Map<string, Message>();
const AT_ONCE = 4;

export interface MessagePlace {
  channel_id: string;
  message_id: string;
}

/** The messages at these places, a few at a time. */
export function useKeptMessages(saved: readonly MessagePlace[]): ReadonlyMap<string, Kept> {
  const [found, setFound] = useState<ReadonlyMap<string, Kept>>(() => new Map(held));
  const ids = saved.map((one) => one.message_id).join();
  useEffect(() => {
    const abort = new AbortController();
    const waiting = [...saved];
    const note = (id: string, kept: Kept): void => setFound((before) => new Map(before).set(id, kept));
    const work = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined && !abort.signal.aborted; one = waiting.shift()) {
        const { channel_id, message_id } = one;
        const outcome = await callServer(getMessages, { channel_id, message_id, page_size: 1 }, { signal: abort.signal });
        if (abort.signal.aborted) return;
        const message = outcome.kind === 'ok' ? outcome.value.messages.find((m) => m.id === message_id) : undefined;
        if (message) held.set(message_id, message);
        if (message || outcome.kind === 'problem' || outcome.kind === 'ok') note(message_id, message ?? 'gone');
        else note(message_id, held.get(message_id) ?? 'unknown');
      }
    };
    for (let i = 0; i < AT_ONCE; i++) void work();
    return () => abort.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked again when other messages are kept, not when their state changes
  }, [ids]);
  return found;
}
