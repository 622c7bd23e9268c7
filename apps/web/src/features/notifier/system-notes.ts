import type { Note, NoteItem } from './notes.ts';

/** What a notification carries, read back by the service worker and by the next page. */
interface NoteData { parley: 1; account: string; path: string; items: readonly NoteItem[]; reads?: object }
const dataOf = (notification: Notification, account: string): NoteData | null => {
  const data = notification.data as NoteData | null;
  return data?.parley === 1 && data.account === account ? data : null;
};

/**
 * Notifications of the system. Through the service worker where there is one, since those outlive the page and open it
 * again; else the page's own, which end with it.
 */
export class SystemNotes {
  private readonly own = new Map<string, Notification>();
  private chain: Promise<void> = Promise.resolve();

  constructor(private readonly account: string, private readonly device: string, private readonly words: { reply: string; read: string }, private readonly open: (path: string) => void) {}

  show(note: Note): void {
    this.inOrder(async () => {
      if (Notification.permission !== 'granted') return;
      const data: NoteData = { parley: 1, account: this.account, path: note.path, items: note.items, ...(note.reads && { reads: { ...note.reads, device_id: this.device } }) };
      const options = { body: note.body, tag: this.tag(note.tag), silent: note.silent, data, icon: '/icon-192.png' };
      const worker = await registration();
      if (worker?.active) return worker.showNotification(note.title, { ...options, ...(note.reads && { actions: [{ action: 'reply', title: this.words.reply }, { action: 'read', title: this.words.read }] }) } as NotificationOptions);
      const shown = new Notification(note.title, options);
      this.own.set(note.tag, shown);
      shown.onclick = () => {
        window.focus();
        shown.close();
        this.open(note.path);
      };
    });
  }

  close(tag: string): void {
    this.inOrder(async () => {
      this.own.get(tag)?.close();
      this.own.delete(tag);
      for (const one of (await (await registration())?.getNotifications({ tag: this.tag(tag) })) ?? []) one.close();
    });
  }

  async standing(): Promise<{ tag: string; items: readonly NoteItem[] }[]> {
    const all = (await (await registration())?.getNotifications()) ?? [];
    return all.flatMap((one) => {
      const data = dataOf(one, this.account);
      return data === null ? [] : [{ tag: one.tag.slice(this.tag('').length), items: data.items }];
    });
  }

  private tag(tag: string): string {
    return `${this.account} ${tag}`;
  }
  /** Showing takes a while; a withdrawal must not overtake it. */
  private inOrder(work: () => Promise<void>): void {
    this.chain = this.chain.then(work).catch((error: unknown) => console.warn('A notification could not be shown or withdrawn.', error));
  }
}

const registration = async (): Promise<ServiceWorkerRegistration | undefined> => ('serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : undefined);
