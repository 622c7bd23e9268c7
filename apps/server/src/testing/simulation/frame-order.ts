interface Frame { type: string; stream: string; from: number; to: number; rev: number; head: number; head_rev: number; has_more: boolean; gone?: boolean; streams: Record<string, [number, number]> }

/**
 * History before live (invariant 5), watched at one socket: what a stream's live frames begin with must have been told
 * before, by the delta that was asked for or by the head that the socket began with.
 */
export class FrameOrder {
  private readonly at = new Map<string, number>();
  private readonly deltaDue = new Set<string>();

  /** The greeting: these streams get their deltas before anything live. */
  asked(cursors: Record<string, number>, looking: readonly string[]): void {
    for (const stream of Object.keys(cursors)) if (!stream.startsWith('channel:') || looking.includes(stream.slice(8))) this.deltaDue.add(stream);
  }

  /** What is wrong with this frame, or null. */
  said(text: string): string | null {
    const frame = JSON.parse(text) as Frame;
    switch (frame.type) {
      case 'heads':
        for (const [stream, [rev]] of Object.entries(frame.streams)) if (!this.deltaDue.has(stream)) this.at.set(stream, rev);
        return null;
      case 'head':
        this.at.set(frame.stream, Math.max(frame.head_rev, this.at.get(frame.stream) ?? 0));
        return null;
      case 'delta':
        if (frame.gone) this.at.delete(frame.stream);
        else this.at.set(frame.stream, Math.max(frame.to, this.at.get(frame.stream) ?? 0));
        if (!frame.has_more) this.deltaDue.delete(frame.stream);
        return null;
      case 'live': {
        const at = this.at.get(frame.stream);
        if (at === undefined && this.deltaDue.has(frame.stream)) return `live frame (${frame.from}, ${frame.rev}] of ${frame.stream} before its delta`;
        if (at !== undefined && frame.from > at) return `live frame (${frame.from}, ${frame.rev}] of ${frame.stream} after only ${at} was told`;
        this.at.set(frame.stream, Math.max(frame.rev, at ?? 0));
        return null;
      }
      default:
        return null;
    }
  }
}
