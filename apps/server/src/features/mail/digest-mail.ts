import { parseStream } from '@parley/shared/domain/streams';
import { languageOf, wordsOf } from '../../i18n/words.ts';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { letterHtml, letterText, type Letter } from '../../mail/layout.ts';
import type { Mail } from '../../mail/port.ts';
import type { Deps } from '../../platform/deps.ts';
import type { ServerSecret } from '../../platform/server-secret.ts';
import type { StoredEvent } from '../../storage/port.ts';
import { pathOf, plainText, saidOf } from '../push/push-text.ts';
import type { DigestFacts } from './mail.commands.ts';

/** The durable consumer that has people mailed of what they missed; of reading nothing has to be told, since each mail looks again. */
export function digestConsumer({ store, mailer }: Pick<Deps, 'store' | 'mailer'>): { name: string; wants(event: StoredEvent): boolean; consume(event: StoredEvent): Promise<void> } {
  return {
    name: 'digest',
    wants: (event) => mailer.delivers && event.stream.startsWith('user:') && (event.entities === undefined || event.entities.some((entity) => entity.type === 'inbox_entry' && !('deleted' in entity))),
    async consume(event) {
      await store.run('digest.note', { user_id: parseStream(event.stream)!.id, from: event.from, rev: event.rev });
    },
  };
}

/** Sends a person what they missed, once. */
export function digestJob(deps: Pick<Deps, 'store' | 'mailer' | 'presence' | 'secret' | 'config' | 'logger' | 'metrics'>): JobHandler {
  return async (job) => {
    const { user_id } = job.payload as { user_id: string };
    const facts = await deps.store.run('digest.claim', { user_id, job: job.id, active: (await deps.presence.usageOf(user_id)).active });
    if (!facts) return;
    const outcome = await deps.mailer.send(digestLetter(facts, deps.config.url, `${deps.config.url}/unsubscribe/${unsubscribeToken(deps.secret, user_id)}`));
    deps.metrics.count('parley_mails_total', 1, { kind: 'digest', outcome: outcome.kind });
    if ('detail' in outcome) deps.logger.warn({ user_id, outcome: outcome.kind, detail: outcome.detail }, 'a mail was not sent for certain');
    await deps.store.run('digest.settle', { user_id, job: job.id, outcome });
  };
}

export const unsubscribeToken = (secret: ServerSecret, userId: string): string => `${userId}.${secret.derive('unsubscribe', userId)}`;

export function digestLetter(facts: DigestFacts, url: string, unsubscribe: string): Mail {
  const words = wordsOf(languageOf(facts.language));
  const place = words.list(facts.places);
  const said = facts.preview === 'none' ? [] : facts.items;
  const letter: Letter = {
    hello: words.say('mail.digest.hello', { name: facts.name }), lead: words.say('mail.digest.lead', { n: facts.count, place }),
    items: said.map((item) => ({ title: saidOf(item, words), text: facts.preview === 'full' ? plainText(item) : '' })),
    ...(said.length > 0 && facts.count > said.length && { more: words.say('mail.digest.more', { n: facts.count - said.length }) }),
    button: { text: words.say('mail.digest.open'), url: `${url}${facts.items[0] === undefined ? '/' : pathOf(facts.items[0])}` },
    notes: [words.say('mail.digest.why')], last: { text: words.say('mail.digest.unsubscribe'), url: unsubscribe },
  };
  const subject = words.say('mail.digest.subject', { n: facts.count, place });
  return { to: facts.to, subject, text: letterText(letter), html: letterHtml(letter, subject, words), unsubscribe };
}
