import { languageOf, wordsOf } from '../../i18n/words.ts';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { letterHtml, letterText, type Letter } from '../../mail/layout.ts';
import type { Mail } from '../../mail/port.ts';
import type { Deps } from '../../platform/deps.ts';
import { digest } from '../../platform/secrets.ts';
import type { ServerSecret } from '../../platform/server-secret.ts';
import type { InviteMail, InviteMailFacts } from './mail.commands.ts';

/** An invitation's token by its id: nothing in the store lets anybody make it. */
export const inviteToken = (secret: ServerSecret, inviteId: string): string => secret.derive('invite', inviteId);

/** Sends an invitation once. Cut short between claiming and settling it is not sent again: who invited has the link, too. */
export function inviteMailJob(deps: Pick<Deps, 'store' | 'mailer' | 'secret' | 'config' | 'logger' | 'metrics'>): JobHandler {
  return async (job) => {
    const mail = job.payload as InviteMail;
    const token = inviteToken(deps.secret, mail.invite_id);
    if (digest(token) !== mail.token_hash) {
      deps.logger.warn({ invite_id: mail.invite_id }, 'the mail of an invitation was not sent: it was made under another server.key');
      return;
    }
    const facts = await deps.store.run('mail.claim_invite', { token_hash: mail.token_hash, job: job.id });
    if (!facts) return;
    const outcome = await deps.mailer.send(inviteLetter(facts, `${deps.config.url}/invite/${token}`, mail.language));
    deps.metrics.count('parley_mails_total', 1, { kind: 'invite', outcome: outcome.kind });
    if ('detail' in outcome) deps.logger.warn({ invite_id: mail.invite_id, outcome: outcome.kind, detail: outcome.detail }, 'the mail of an invitation was not sent for certain');
    await deps.store.run('mail.settle_invite', { mail, job: job.id, outcome });
  };
}

export function inviteLetter(facts: InviteMailFacts, url: string, language: string): Mail {
  const words = wordsOf(languageOf(language));
  const who = facts.who || words.say('person.unknown');
  const letter: Letter = {
    hello: words.say('mail.invite.hello'), lead: words.say('mail.invite.lead', { who, place: facts.place }), button: { text: words.say('mail.invite.button'), url },
    notes: [words.say('mail.invite.expires', { date: words.date(facts.expires_at / 1_000) }), words.say('mail.invite.ignore')],
  };
  const subject = words.say('mail.invite.subject', { who, place: facts.place });
  return { to: facts.to, subject, text: letterText(letter), html: letterHtml(letter, subject, words) };
}
