import { create } from 'zustand';
import type { Message } from '@parley/shared/protocol/entities';

/** Dialogs of the app; at most one is open. */
export type OpenDialog =
  | { kind: 'switcher'; start: string }
  | { kind: 'sheet' }
  | { kind: 'create_channel'; name: string }
  | { kind: 'new_message' }
  | { kind: 'invite_people' }
  | { kind: 'add_people'; channelId: string }
  | { kind: 'rename_channel'; channelId: string }
  | { kind: 'edit_topic'; channelId: string }
  | { kind: 'leave_channel'; channelId: string }
  | { kind: 'archive_channel'; channelId: string }
  | { kind: 'status' }
  | { kind: 'read_all' }
  | { kind: 'person'; userId: string }
  | { kind: 'group'; groupId: string }
  | { kind: 'emoji' }
  | { kind: 'edit_group'; groupId: string | null }
  | { kind: 'section'; id: string | null; name: string; channelId: string | null }
  /** `at`: what is chosen so far. `said` is the time in words. */
  | { kind: 'pick_time'; purpose: 'remind' | 'schedule' | 'reschedule'; at: number | null; onPick(at: number, said: string): void }
  | { kind: 'forward'; message: Message }
  | { kind: 'why'; message: Message }
  | { kind: 'sign_out' };

interface Screen {
  dialog: OpenDialog | null;
  /** Below 640 px one pane shows: the sidebar or what was chosen in it. */
  narrowPane: 'list' | 'main';
  /** An import that goes on in the background. */
  importing: { id: string; progress: number } | null;
  /** The shell waits with a newer version. */
  updateReady: boolean;
  open(dialog: OpenDialog): void;
  close(): void;
}

/** What is on screen and belongs to no server. */
export const useScreen = create<Screen>((set) => ({
  dialog: null,
  narrowPane: 'main',
  importing: null,
  updateReady: false,
  open: (dialog) => set({ dialog }),
  close: () => set({ dialog: null }),
}));

export const openDialog = (dialog: OpenDialog): void => useScreen.getState().open(dialog);
