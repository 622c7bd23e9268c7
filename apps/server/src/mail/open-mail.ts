import type { Config } from '../config/config.ts';
import type { Logger } from '../platform/logger.ts';
import { logMail } from './log-mail.ts';
import type { Mailer } from './port.ts';
import { smtpMail } from './smtp/smtp-mail.ts';

/** The mail port as it is configured. */
export function openMail(config: Pick<Config, 'smtpUrl' | 'mailFrom' | 'url'>, logger: Logger): Mailer {
  if (config.smtpUrl === null) return logMail(logger);
  return smtpMail(config.smtpUrl, config.mailFrom ?? `Parley <parley@${new URL(config.url).hostname}>`);
}
