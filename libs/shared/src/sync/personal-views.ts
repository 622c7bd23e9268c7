import { isEntryRead } from '../domain/inbox.ts';
import { STARRED, type InboxEntry, type Saved, type Scheduled, type Section } from '../protocol/entities.ts';
import type { Outbox } from './outbox.ts';
import type { Reads } from './reads.ts';
import type { Replica } from './replica.ts';

/** What the person keeps for later, as the server has it with pending acts on top, latest first. */
export function savedView(replica: Replica, outbox: Outbox): readonly Saved[] {
  const all = new Map(replica.saved().map((s) => [s.message_id, s]));
  for (const record of outbox.all()) {
    const { what } = record;
    if (record.refused) continue;
    if (what.act === 'unsave') all.delete(what.messageId);
    else if (what.act === 'save') {
      const before = all.get(what.messageId);
      all.set(what.messageId, {
        ...(before ?? { message_id: what.messageId, channel_id: record.channelId, state: 'progress', due_at: null, note: '', saved_at: new Date(record.since).toISOString() }),
        ...(what.state !== undefined && { state: what.state }), ...(what.note !== undefined && { note: what.note }), ...(what.dueAt !== undefined && { due_at: what.dueAt, reminded_at: null }),
      });
    }
  }
  return [...all.values()].sort((a, b) => (a.saved_at < b.saved_at ? 1 : -1));
}

/** What is sent at a time, with pending acts on top: the next first. */
export function scheduledView(replica: Replica, outbox: Outbox, deviceId: string): readonly Scheduled[] {
  const all = new Map(replica.scheduled().map((s) => [s.id, s]));
  for (const { what, refused, channelId, since } of outbox.all()) {
    if (refused) continue;
    if (what.act === 'unschedule') all.delete(what.scheduledId);
    else if (what.act === 'schedule' && !all.has(what.clientMsgId) && !replica.isDropped('scheduled', what.clientMsgId)) {
      all.set(what.clientMsgId, {
        id: what.clientMsgId, channel_id: channelId, parent_message_id: what.rootId, broadcast: what.broadcast, quiet: what.quiet, content: what.content, file_ids: [],
        send_at: what.sendAt, state: 'waiting', version: 0, device_id: deviceId, created_at: new Date(since).toISOString(),
      });
    } else if (what.act === 'reschedule') {
      const before = all.get(what.scheduledId);
      if (before) all.set(what.scheduledId, { ...before, ...(what.text !== undefined && { content: what.text }), ...(what.sendAt !== undefined && { send_at: what.sendAt }) });
    }
  }
  return [...all.values()].sort((a, b) => Date.parse(a.send_at) - Date.parse(b.send_at) || (a.id < b.id ? -1 : 1));
}

/** The sections of the sidebar in their order, starred first, with pending changes on top. A channel stands in one at most. */
export function sectionsView(replica: Replica, outbox: Outbox): readonly Section[] {
  const all = new Map(replica.sections().map((s) => [s.id, s]));
  for (const { what, refused } of outbox.all()) {
    if (refused) continue;
    if (what.act === 'drop_section') all.delete(what.sectionId);
    else if (what.act === 'section') {
      const { id, add = [], remove = [] } = what;
      const before = all.get(id) ?? { id, name: '', position: 0, channel_ids: [] };
      const channel_ids = [...new Set([...(what.channelIds ?? before.channel_ids), ...add])].filter((c) => !remove.includes(c));
      for (const [other, section] of all) if (other !== id) all.set(other, { ...section, channel_ids: section.channel_ids.filter((c) => before.channel_ids.includes(c) || !channel_ids.includes(c)) });
      all.set(id, { ...before, ...(what.name !== undefined && { name: what.name }), ...(what.position !== undefined && { position: what.position }), channel_ids });
    }
  }
  return [...all.values()].sort((a, b) => Number(b.id === STARRED) - Number(a.id === STARRED) || a.position - b.position || (a.id < b.id ? -1 : 1));
}

/** Synced preferences by key; what is not there is at its default. */
export function preferencesView(replica: Replica, outbox: Outbox): Readonly<Record<string, unknown>> {
  const all = new Map(replica.preferences().map((p) => [p.key, p.value]));
  for (const { what, refused } of outbox.all()) {
    if (refused || what.act !== 'preference') continue;
    if (what.value === null) all.delete(what.key);
    else all.set(what.key, what.value);
  }
  return Object.fromEntries(all);
}

/** What needs the person, newest first, of channels they are in; `read` with their positions, pending ones included. */
export function inboxView(replica: Replica, reads: Reads, outbox: Outbox): readonly InboxEntry[] {
  const views: InboxEntry[] = [];
  const marked = new Map<string, { read: boolean; upTo: string }>();
  for (const { what, refused } of outbox.all()) if (!refused && what.act === 'mark_inbox') for (const id of what.ids) marked.set(id, what);
  for (const entry of replica.inbox()) {
    const { channel_id, thread_root_id } = entry;
    if (channel_id !== undefined && replica.membership(channel_id) === null) continue;
    const channel = channel_id === undefined ? null : reads.position(channel_id, null).seq;
    const thread = channel_id === undefined || thread_root_id === null ? null : reads.position(channel_id, thread_root_id).seq;
    const mark = marked.get(entry.id);
    const own = mark !== undefined && entry.at <= mark.upTo ? { ...entry, read: mark.read } : entry;
    views.push({ ...own, read: isEntryRead(own, { channel, thread }) });
  }
  return views.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? 1 : -1));
}
