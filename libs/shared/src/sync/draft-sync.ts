import { fraction } from '../domain/random.ts';
import { deleteDraft, putDraft } from '../protocol/calls/personal.ts';
import type { Drafts } from './drafts.ts';
import type { Clock, Outcome, Random, Timer, Transport } from './ports.ts';

/** A text is told to the server when no key has come for so long. */
export const DRAFT_SYNC_MS = 3_000;
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 60_000;

/** Tells the server of drafts, one after the other, so that nothing that is told later is overtaken by what was earlier. */
export class DraftSync {
  private running = false;
  private busy = false;
  private timer: Timer | null = null;
  private failures = 0;
  private notBefore = 0;

  constructor(private readonly drafts: Drafts, private readonly transport: Transport, private readonly clock: Clock, private readonly random: Random, private readonly events: { dropped(id: string): void; signedOut(): void }) {}

  setRunning(running: boolean): void {
    this.running = running;
    if (running) this.wake();
    else this.timer?.cancel();
  }
  wake(): void {
    this.notBefore = 0;
    this.schedule();
  }
  stop(): void { this.setRunning(false); }

  /** Something is to be told. */
  schedule(): void {
    this.timer?.cancel();
    if (!this.running || this.busy) return;
    const due = this.drafts.dropped().length > 0 ? 0 : Math.min(Infinity, ...this.drafts.untold().map((d) => d.updatedAt + DRAFT_SYNC_MS));
    if (due === Infinity) return;
    this.timer = this.clock.setTimer(Math.max(0, Math.max(due, this.notBefore) - this.clock.now()), () => void this.run());
  }

  private async run(): Promise<void> {
    if (this.busy || !this.running) return;
    this.busy = true;
    try {
      for (const id of this.drafts.dropped()) if (!(await this.tellDrop(id))) return;
      for (const draft of this.drafts.untold()) if (draft.updatedAt + DRAFT_SYNC_MS <= this.clock.now() && !(await this.tellText(draft))) return;
      this.failures = 0;
    } finally {
      this.busy = false;
      this.schedule();
    }
  }

  private async tellDrop(id: string): Promise<boolean> {
    const outcome = await this.transport.call(deleteDraft, { id });
    if (this.mustWait(outcome)) return false;
    this.events.dropped(id);
    this.drafts.forgetDrop(id);
    return true;
  }

  private async tellText({ channelId, rootId, clientMsgId, content, fileIds, version }: ReturnType<Drafts['untold']>[number]): Promise<boolean> {
    await this.drafts.attempting(channelId, rootId);
    const outcome = await this.transport.call(putDraft, { id: clientMsgId, client_msg_id: clientMsgId, channel_id: channelId, thread_root_id: rootId, content, ...(fileIds.length > 0 && { file_ids: fileIds }), base_version: version });
    if (this.mustWait(outcome)) return false;
    this.drafts.answered(channelId, rootId, clientMsgId, outcome.kind === 'ok' ? outcome.value : { content, fileIds, outcome: outcome.kind === 'problem' && outcome.problem.code === 'conflict' ? 'conflict' : 'refused' });
    return true;
  }

  /** Not answered for good: tried again later. */
  private mustWait(outcome: Outcome<unknown>): boolean {
    if (outcome.kind === 'ok' || (outcome.kind === 'problem' && outcome.problem.status < 500 && outcome.problem.status !== 429 && outcome.problem.status !== 401)) return false;
    if (outcome.kind === 'problem' && outcome.problem.status === 401) {
      this.running = false;
      this.events.signedOut();
      return true;
    }
    const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.failures++, 10));
    this.notBefore = this.clock.now() + ((outcome.kind === 'problem' ? outcome.retryAfterMs : null) ?? full / 2 + (full / 2) * fraction(this.random));
    return true;
  }
}
