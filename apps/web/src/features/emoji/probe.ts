/** Whether the system can draw an emoji: a missing one is as wide as the missing-glyph box, a broken sequence wider than one. */
const known = new Map<string, boolean>();
let context: CanvasRenderingContext2D | null | undefined;
let missing = 0;
let one = 0;

export function isDrawn(glyph: string): boolean {
  let drawn = known.get(glyph);
  if (drawn === undefined) {
    drawn = probe(glyph);
    known.set(glyph, drawn);
  }
  return drawn;
}

function probe(glyph: string): boolean {
  if (context === undefined) {
    context = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d');
    if (context) {
      context.font = '16px system-ui';
      missing = context.measureText('\u{10FFFE}').width;
      one = context.measureText('😀').width;
    }
  }
  // Where nothing can be measured, the system is trusted.
  if (!context || one === 0 || one === missing) return true;
  const width = context.measureText(glyph).width;
  return width <= one * 1.5 && !(width === missing && missing !== one);
}
