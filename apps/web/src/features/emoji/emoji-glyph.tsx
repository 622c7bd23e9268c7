import { CustomPicture, useCustom } from './custom.tsx';
import { isDrawn } from './probe.ts';
import { useEmojiIndex } from './use-emoji.ts';

/** An emoji by its name: drawn by the system, or as `:name:` when it is unknown or the system lacks it (LST-27). */
export function EmojiGlyph({ name }: { name: string }) {
  const index = useEmojiIndex();
  const own = useCustom(name);
  const emoji = index?.byName(name);
  if (own) return <CustomPicture emoji={own} />;
  if (!emoji || !isDrawn(emoji.glyph)) return <>:{name}:</>;
  return <span role="img" aria-label={emoji.label} title={`:${name}:`}>{emoji.glyph}</span>;
}

/** A reaction's emoji: a glyph itself, or a name. */
export function ReactionGlyph({ emoji }: { emoji: string }) {
  if (/^[\w+-]+$/.test(emoji)) return <EmojiGlyph name={emoji} />;
  return <>{emoji}</>;
}

/** How a reaction is read out. */
export function useReactionName(): (emoji: string) => string {
  const index = useEmojiIndex();
  return (emoji) => (index?.byGlyph(emoji) ?? index?.byName(emoji))?.names[0] ?? emoji;
}
