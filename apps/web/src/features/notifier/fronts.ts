import type { NotifyDevice } from '@parley/shared/domain/notify';

/** What one tab shows. */
export interface Front {
  channelId: string | null;
  rootId: string | null;
  inFront: boolean;
  activeAt: number;
}
type FrontMessage = { kind: 'who' } | { kind: 'front'; tab: string; front: Front } | { kind: 'gone'; tab: string };

export interface FrontChannel {
  post(message: FrontMessage): void;
  listen(listener: (message: FrontMessage) => void): () => void;
}

/** What all tabs of this browser show, so that the one that notifies knows whether another is looked at. */
export class Fronts {
  private readonly others = new Map<string, Front>();
  private own: Front = { channelId: null, rootId: null, inFront: false, activeAt: 0 };
  private readonly end: () => void;

  constructor(private readonly tab: string, private readonly channel: FrontChannel) {
    this.end = channel.listen((message) => {
      if (message.kind === 'who') this.tell();
      else if (message.kind === 'gone') this.others.delete(message.tab);
      else this.others.set(message.tab, message.front);
    });
    channel.post({ kind: 'who' });
  }

  set(change: Partial<Front>): void {
    this.own = { ...this.own, ...change };
    this.tell();
  }

  /** This browser as one device. */
  device(place: { channelId: string; rootId: string | null }): NotifyDevice {
    const all = [this.own, ...this.others.values()];
    const front = all.filter((one) => one.inFront);
    return {
      here: true,
      activeAt: Math.max(...all.map((one) => one.activeAt)),
      inFront: front.length > 0,
      looking: front.some((one) => one.channelId === place.channelId && (place.rootId === null || one.rootId === place.rootId)),
    };
  }

  leave(): void {
    this.channel.post({ kind: 'gone', tab: this.tab });
    this.end();
  }

  private tell(): void {
    this.channel.post({ kind: 'front', tab: this.tab, front: this.own });
  }
}
