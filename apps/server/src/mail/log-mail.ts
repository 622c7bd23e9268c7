import type { Logger } from '../platform/logger.ts';
import type { Mailer } from './port.ts';

/** Without an SMTP server a mail is a line in the log. Never its text or its links: the log is not for secrets. */
export const logMail = (logger: Logger): Mailer => ({
  delivers: false,
  send() {
    logger.info({}, 'a mail was not sent: PARLEY_SMTP_URL names no server');
    return Promise.resolve({ kind: 'sent' });
  },
  close: () => Promise.resolve(),
});
