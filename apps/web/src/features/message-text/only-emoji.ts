import type { Markup } from '@parley/shared/domain/markup/ast';

const EMOJI = /^(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|(?=[^0-9#*])\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F|\u200D|[\u{E0020}-\u{E007F}]|\p{Extended_Pictographic}|[\u2640\u2642\u2695])*)$/u;
let segmenter: Intl.Segmenter | null = null;

/** The glyphs of a text that is nothing but emoji and spaces, else null. */
export function emojiGlyphs(text: string): string[] | null {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const glyphs: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    if (segment.trim() === '') continue;
    if (!EMOJI.test(segment)) return null;
    glyphs.push(segment);
  }
  return glyphs;
}

/** Up to three emoji and nothing else: drawn large. */
export function onlyEmoji(markup: Markup): boolean {
  const [block] = markup;
  if (markup.length !== 1 || block?.type !== 'paragraph' || block.children.length > 7) return false;
  let count = 0;
  for (const node of block.children) {
    if (node.type === 'emoji') count++;
    else if (node.type === 'text' && node.text.length < 60) {
      const glyphs = emojiGlyphs(node.text);
      if (!glyphs) return false;
      count += glyphs.length;
    } else return false;
  }
  return count > 0 && count <= 3;
}
