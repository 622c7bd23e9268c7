import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Mailer, MailOutcome } from '../port.ts';

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;

/** What nodemailer's errors carry. */
interface SmtpError extends Error {
  /** The server's answer, when it gave one. */
  responseCode?: number;
  command?: string;
}
/** Options of a mail with a field of ours: told when its envelope goes out, and its text after it. */
type Watched = SendMailOptions & { begins?: () => void };

/** Mails by an SMTP server; `url` as `smtp://user:password@host:587` or `smtps://…`. */
export function smtpMail(url: string, from: string): Mailer {
  const transport = createTransport({ url, connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: ANSWER_MS, disableFileAccess: true, disableUrlAccess: true });
  transport.use('stream', (mail, done) => {
    const make = mail.message.createReadStream.bind(mail.message);
    mail.message.createReadStream = (options) => {
      (mail.data as Watched).begins?.();
      return make(options);
    };
    done();
  });
  return {
    delivers: true,
    async send({ to, subject, text, html, unsubscribe }) {
      let begun = false;
      try {
        const watched: Watched = {
          begins: () => (begun = true),
          from, to: { name: '', address: to }, subject, text, html,
          headers: { 'Auto-Submitted': 'auto-generated', ...(unsubscribe === undefined ? {} : { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }) },
          ...(unsubscribe === undefined ? {} : { list: { unsubscribe } }),
        };
        await transport.sendMail(watched);
        return { kind: 'sent' };
      } catch (error) {
        return outcomeOf(error as SmtpError, begun);
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

/** A 4xx says for certain that the mail was not taken, and so does every failure before the server was told of it. */
function outcomeOf({ responseCode, command, message }: SmtpError, begun: boolean): MailOutcome {
  const detail = `${command ?? ''} ${responseCode ?? ''} ${message.slice(0, 200)}`.trim();
  if (responseCode !== undefined) return { kind: responseCode < 500 ? 'refused' : 'never', detail };
  return { kind: begun ? 'unknown' : 'refused', detail };
}
