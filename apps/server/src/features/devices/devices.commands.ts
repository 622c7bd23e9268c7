import { defineCommand } from '../../storage/command.ts';
import { deviceCursors, sessions } from '../../storage/tables.ts';
import { endSessions, forgetEnded } from '../accounts/session-rows.ts';

/** What a device was heard of since it was last noted. */
export interface DeviceNote {
  user_id: string;
  device_id: string;
  /** Up to which rev it has applied each stream, as it said last. */
  cursors: Record<string, number>;
}

/** Of a device that follows more, those it spoke of last are kept. */
export const MAX_NOTED_STREAMS = 2_000;

export const devicesCommands = {
  /** Notes where devices are, and that they are in use. What has ended is passed over. */
  'devices.note': defineCommand(async (tx, args: { notes: DeviceNote[]; touch_us: number; lasts_us: number }) => {
    const now = tx.now();
    for (const { user_id, device_id, cursors } of args.notes) {
      const session = await tx.get(sessions, [user_id, device_id]);
      if (!session || session.revoked_at !== null || session.expires_at <= now) continue;
      if (now - session.last_active_at >= args.touch_us) await tx.put(sessions, { ...session, last_active_at: now, expires_at: now + args.lasts_us });
      if (Object.keys(cursors).length === 0) continue;
      const before = await tx.get(deviceCursors, [user_id, device_id]);
      const earlier = Object.entries(before?.cursors ?? {}).filter(([stream]) => cursors[stream] === undefined);
      await tx.put(deviceCursors, { user_id, device_id, cursors: Object.fromEntries([...earlier, ...Object.entries(cursors)].slice(-MAX_NOTED_STREAMS)), at: now });
    }
    return {};
  }),

  /** Ends those of a person's sessions whose time has run out, as if they had been revoked, and forgets those that ended long ago. */
  'devices.expire': defineCommand(async (tx, args: { user_id: string; device_ids: string[] }): Promise<{ expired: number }> => {
    let expired = 0;
    for (const device_id of args.device_ids) {
      const row = await tx.get(sessions, [args.user_id, device_id]);
      if (!row || row.expires_at > tx.now()) continue;
      if (await forgetEnded(tx, row)) continue;
      expired += (await endSessions(tx, args.user_id, [row])).length;
    }
    return { expired };
  }),
};
