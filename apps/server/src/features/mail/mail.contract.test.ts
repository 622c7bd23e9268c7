import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptInvite, createInvite, getInvite } from '@parley/shared/protocol/calls/accounts';
import { openDm, removeFromChannel, setNotificationLevel } from '@parley/shared/protocol/calls/channels';
import { markInbox } from '@parley/shared/protocol/calls/inbox';
import { unsubscribeMail } from '@parley/shared/protocol/calls/mail';
import { setPreference } from '@parley/shared/protocol/calls/personal';
import { ack } from '@parley/shared/protocol/calls/reading';
import type { Channel } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import type { Mail, Mailer, MailOutcome } from '../../mail/port.ts';
import { smtpMail } from '../../mail/smtp/smtp-mail.ts';
import { LocalSmtp } from '../../mail/testing.smtp.ts';
import { loadServerSecret } from '../../platform/server-secret.ts';
import type { EmbeddedRegistry } from '../../registry/embedded/embedded-registry.ts';
import { TABLES } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { digestJob } from './digest-mail.ts';
import { inviteMailJob } from './invite-mail.ts';
import { DIGEST_JOB, INVITE_MAIL_JOB } from './mail.commands.ts';

const MINUTE = 60_000;

class Postbox implements Mailer {
  readonly delivers = true;
  readonly mails: Mail[] = [];
  outcome: () => MailOutcome = () => ({ kind: 'sent' });
  send(mail: Mail): Promise<MailOutcome> {
    this.mails.push(mail);
    return Promise.resolve(this.outcome());
  }
  close = (): Promise<void> => Promise.resolve();
}
class Died extends Error {}

describe.each(STORES)('mails on $adapter', (adapter) => {
  let talk: Conversation;
  let room: Channel;
  let box: Postbox;
  beforeEach(async () => {
    box = new Postbox();
    talk = await Conversation.open(adapter, 1, { mailer: box });
    room = await talk.room('room', [talk.alice, talk.bob], { is_private: true });
    await talk.settle();
    for (const user of [talk.alice, talk.bob]) await talk.as(user).call(markInbox, { read: true });
  });
  afterEach(() => talk.close());

  const at = (of: TestUser): string => `<@${of.id}>`;
  const handlers = (deps = talk.world.deps): Record<string, JobHandler> => ({ [DIGEST_JOB]: digestJob(deps), [INVITE_MAIL_JOB]: inviteMailJob(deps) });
  const work = async (run = handlers()): Promise<void> => {
    const queue = new StoreJobs(talk.store);
    for (;;) {
      await talk.settle();
      const leased = await queue.lease(10, 15_000);
      if (leased.length === 0) return;
      for (const job of leased) {
        try {
          await run[job.kind]?.(job, new AbortController().signal);
          await queue.complete(job);
        } catch (error) {
          if (error instanceof Died) throw error;
          await queue.fail(job, String(error));
        }
      }
    }
  };
  const pass = async (ms: number): Promise<void> => {
    await work();
    await talk.world.clock.advance(ms);
    await work();
  };
  const active = (of: TestUser, state: 'online' | null) =>
    (talk.world.deps.presence as EmbeddedRegistry).attachGateway('front', { deliver: () => undefined, typing: () => undefined, presence: () => undefined, profileChanged: () => undefined }).setDevice(of.id, 'laptop', state);
  const invite = (language = 'en', email: string | undefined = 'zoe@example.org') => talk.as(talk.olivia).call(createInvite, { workspace_id: talk.world.workspace.id, email }, { headers: { 'accept-language': language } });

  describe('of what was missed', () => {
    it('come after a while, of all of it together, in both forms', async () => {
      await talk.send(talk.bob, room, `${at(talk.alice)} <script>`);
      const dm = await talk.as(talk.bob).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
      await talk.send(talk.bob, dm, 'psst');
      await talk.send(talk.bob, room, 'nobody in particular');
      await pass(14 * MINUTE);
      expect(box.mails).toEqual([]);
      await pass(MINUTE + 10_000);
      const [mail] = box.mails as [Mail];
      expect([box.mails.length, mail.to, mail.subject]).toEqual([1, 'alice@example.org', '2 things wait for you in Acme']);
      expect(mail.text).toContain('Bob mentioned you in room\n> @Alice <script>');
      expect(mail.text).toContain('Bob\n> psst');
      expect(mail.text).not.toContain('particular');
      expect(mail.html).toContain('@Alice &#60;script&#62;');
      expect(mail.html).not.toContain('<script>');
      expect(mail.text).toContain(`http://localhost:3210/w/${talk.world.workspace.id}/c/${dm.id}/m/`);
      expect(mail.text).toContain(mail.unsubscribe);
      await pass(24 * 60 * MINUTE);
      expect(box.mails).toHaveLength(1);
    });

    it.each(['read', 'marked read', 'out of reach', 'muted', 'not wanted', 'unsubscribed'] as const)('are not sent when it was %s', async (how) => {
      const message = await talk.send(talk.bob, room, at(talk.alice));
      await work();
      switch (how) {
        case 'read': await talk.as(talk.alice).call(ack, { device_id: talk.alice.device_id, message_id: message.id, channel_id: room.id }); break;
        case 'marked read': await talk.as(talk.alice).call(markInbox, { read: true }); break;
        case 'out of reach': await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] }); break;
        case 'muted': await talk.as(talk.alice).call(setNotificationLevel, { channel_id: room.id, muted: true }); break;
        case 'not wanted': await talk.as(talk.alice).call(setPreference, { key: 'notify_mail_after', value: false }); break;
        case 'unsubscribed': {
          await talk.send(talk.olivia, room, at(talk.bob));
          await pass(16 * MINUTE);
          const { unsubscribe } = box.mails.find(({ to }) => to === 'bob@example.org')!;
          box.mails.length = 0;
          expect(await talk.world.as(null).refused(unsubscribeMail, { token: `${talk.alice.id}.${unsubscribe!.split('.').at(-1)!}` })).toMatchObject({ code: 'not_found' });
          for (const token of ['x', `${talk.alice.id}.x`]) expect(await talk.world.as(null).refused(unsubscribeMail, { token })).toMatchObject({ code: 'not_found' });
          await talk.world.as(null).call(unsubscribeMail, { token: unsubscribe!.slice(unsubscribe!.lastIndexOf('/') + 1) });
          await talk.as(talk.alice).call(markInbox, { read: true });
          await talk.send(talk.olivia, room, at(talk.bob));
          break;
        }
      }
      await pass(2 * 60 * MINUTE);
      expect(box.mails).toEqual([]);
    });

    it('wait while a device is in use, and for an hour after the last', async () => {
      active(talk.alice, 'online');
      await talk.send(talk.bob, room, at(talk.alice));
      await pass(30 * MINUTE);
      expect(box.mails).toEqual([]);
      active(talk.alice, null);
      await pass(5 * MINUTE);
      expect(box.mails).toHaveLength(1);
      await talk.send(talk.bob, room, at(talk.alice));
      await pass(20 * MINUTE);
      expect(box.mails).toHaveLength(1);
      await pass(40 * MINUTE);
      expect(box.mails.map(({ subject }) => subject)).toEqual(['Something waits for you in Acme', 'Something waits for you in Acme']);
    });

    it('show no more than the preview preference allows, and come through do not disturb', async () => {
      await talk.as(talk.alice).call(setPreference, { key: 'notify_preview', value: 'none' });
      await talk.as(talk.alice).call(setPreference, { key: 'dnd_until', value: '2999-01-01T00:00:00.000Z' });
      await talk.send(talk.bob, room, `${at(talk.alice)} secret`);
      await pass(16 * MINUTE);
      expect(box.mails).toHaveLength(1);
      expect(JSON.stringify(box.mails)).not.toMatch(/secret|Bob/);
    });

    it('are tried again after a refusal, not after an answer that was lost', async () => {
      box.outcome = () => ({ kind: 'refused', detail: '451' });
      await talk.send(talk.bob, room, at(talk.alice));
      await pass(15 * MINUTE + 5_000);
      await pass(MINUTE);
      expect(box.mails).toHaveLength(2);
      box.outcome = () => ({ kind: 'unknown', detail: 'hung up' });
      await pass(4 * MINUTE);
      expect(box.mails).toHaveLength(3);
      await pass(24 * 60 * MINUTE);
      expect(box.mails).toHaveLength(3);
    });
  });

  describe('of invitations', () => {
    it('hold a link that lets its holder in, and nothing in the store does', async () => {
      const made = await invite();
      expect(made.mailed).toBe(true);
      const rows = await talk.store.read(async (tx) => Promise.all(TABLES.map((table) => tx.find(table, { limit: 1_000 }))));
      expect(JSON.stringify(rows)).not.toContain(made.invite_token);
      await work();
      const [mail] = box.mails as [Mail];
      expect([mail.to, mail.subject]).toEqual(['zoe@example.org', 'Olivia Owner invites you to Acme']);
      const [url] = /http:\S+\/invite\/\S+/.exec(mail.text)!;
      expect(mail.html).toContain(url);
      const invite_token = url.slice(url.lastIndexOf('/') + 1);
      expect(await talk.world.as(null).call(getInvite, { invite_token })).toMatchObject({ email: 'zoe@example.org' });
      expect(await talk.world.as(null).call(acceptInvite, { invite_token, username: 'zoe', display_name: 'Zoe', password: 'a long password' })).toMatchObject({ user: { username: 'zoe' } });
      await pass(60 * MINUTE);
      expect(box.mails).toHaveLength(1);
    });

    it('speak the language of who invites, and are not sent without an address', async () => {
      await invite('de-CH,de;q=0.9');
      expect(await talk.as(talk.olivia).call(createInvite, { workspace_id: talk.world.workspace.id })).toMatchObject({ mailed: false });
      await work();
      expect(box.mails.map(({ subject }) => subject)).toEqual(['Olivia Owner lädt dich zu Acme ein']);
    });

    it('are tried again after a refusal, not when the invitation was used meanwhile', async () => {
      box.outcome = () => ({ kind: 'refused', detail: '450' });
      const { invite_token } = await invite();
      await pass(MINUTE);
      expect(box.mails).toHaveLength(2);
      await talk.as(talk.world.owner).call(acceptInvite, { invite_token }).catch(() => undefined);
      await talk.world.as(null).call(acceptInvite, { invite_token, username: 'zoe', display_name: 'Zoe', password: 'a long password' }).catch(() => undefined);
      await pass(60 * MINUTE);
      expect(box.mails).toHaveLength(2);
    });
  });

  it.each((['invite', 'digest'] as const).flatMap((kind) => (['before claiming', 'after claiming', 'after sending', 'after settling'] as const).map((death) => [kind, death] as const)))('a worker that dies (%s, %s) sends nothing twice', async (kind, death) => {
    if (kind === 'invite') await invite();
    else await talk.send(talk.bob, room, at(talk.alice));
    await talk.settle();
    await talk.world.clock.advance(16 * MINUTE);
    const { store } = talk.world.deps;
    const dying = Object.assign(Object.create(store) as typeof store, {
      run: async (name: Parameters<typeof store.run>[0], args: never) => {
        const claims = name.includes('claim');
        if (claims && death === 'before claiming') throw new Died();
        if (name.includes('settle') && death === 'after sending') throw new Died();
        const result = await store.run(name, args);
        if ((claims && death === 'after claiming') || (name.includes('settle') && death === 'after settling')) throw new Died();
        return result;
      },
    });
    await expect(work(handlers({ ...talk.world.deps, store: dying }))).rejects.toThrow(Died);
    for (let i = 0; i < 4; i += 1) await pass(60 * MINUTE);
    expect(box.mails).toHaveLength(death === 'after claiming' ? 0 : 1);
  });
});

describe('an invitation\'s mail', () => {
  it('goes by a real SMTP server', async () => {
    const smtp = await LocalSmtp.open();
    const talk = await Conversation.open(STORES[0], 1, { mailer: smtpMail(smtp.url, 'Parley <parley@localhost>') });
    const { url } = await talk.as(talk.olivia).call(createInvite, { workspace_id: talk.world.workspace.id, email: 'zoe@example.org' });
    const queue = new StoreJobs(talk.store);
    for (const job of await queue.lease(10, 15_000)) await inviteMailJob(talk.world.deps)(job, new AbortController().signal);
    expect(smtp.mails.map(({ to, mail }) => [to, mail.text?.includes(url), typeof mail.html === 'string' && mail.html.includes(url)])).toEqual([[['zoe@example.org'], true, true]]);
    await talk.close();
    await smtp.close();
  });

  it('is of one data directory: its secret is made once, for its owner only, and another makes other links', () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-key-'));
    const made = loadServerSecret(directory).derive('invite', 'x');
    expect(statSync(join(directory, 'server.key')).mode & 0o777).toBe(0o600);
    expect([loadServerSecret(directory).derive('invite', 'x') === made, loadServerSecret(directory).derive('unsubscribe', 'x') === made, made.length]).toEqual([true, false, 43]);
    rmSync(directory, { recursive: true });
  });
});
