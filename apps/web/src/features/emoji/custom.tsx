import type { CustomEmoji } from '@parley/shared/protocol/entities';
import { useState } from 'react';
import { useCustomEmoji } from '../../state/engine.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import styles from './custom.module.css';

/** By list, so that a hundred of them in a page search it once. */
const byName = new WeakMap<readonly CustomEmoji[], ReadonlyMap<string, CustomEmoji>>();

export function customByName(all: readonly CustomEmoji[], name: string): CustomEmoji | null {
  let names = byName.get(all);
  if (!names) byName.set(all, (names = new Map(all.map((emoji) => [emoji.name, emoji]))));
  return names.get(name) ?? null;
}

/** The workspace's own emoji of this name. */
export function useCustom(name: string): CustomEmoji | null {
  return customByName(useCustomEmoji(useChat().workspaceId), name);
}

/** LST-27: its box is there before the picture is; one that cannot be fetched shows its name. What moves stands still for who asked for that. */
export function CustomPicture({ emoji, named = false }: { emoji: CustomEmoji; /** Its name stands beside it. */ named?: boolean }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (failed === emoji.url) return <>:{emoji.name}:</>;
  return (
    <picture className={styles.custom} title={`:${emoji.name}:`}>
      {emoji.animated && <source media="(prefers-reduced-motion:reduce)" srcSet={`${emoji.url}?still=true`} />}
      <img src={emoji.url} alt={named ? '' : `:${emoji.name}:`} width={emoji.width} height={emoji.height} draggable={false} decoding="async" onError={() => setFailed(emoji.url)} />
    </picture>
  );
}

/** What the picker gives for a custom one, and what reactions call it. */
export const writtenName = (name: string): string => `:${name}:`;
export const reactionOf = (picked: string): string => /^:([a-z0-9_+-]{1,64}):$/.exec(picked)?.[1] ?? picked;
