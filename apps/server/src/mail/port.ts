export interface Mail {
  /** One address. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** A page where the recipient can have no more of these; it also takes the one-click POST of RFC 8058. */
  unsubscribe?: string;
}

export type MailOutcome =
  | { kind: 'sent' }
  /** For certain not taken, and may be tried again later. */
  | { kind: 'refused'; detail: string }
  /** For certain not taken, and never will be. */
  | { kind: 'never'; detail: string }
  /** It may have been taken: trying again could send it twice. */
  | { kind: 'unknown'; detail: string };

/** The mail port. */
export interface Mailer {
  /** False when mails go nowhere: what people could do without is then not made at all. */
  readonly delivers: boolean;
  /** Never rejects. */
  send(mail: Mail): Promise<MailOutcome>;
  close(): Promise<void>;
}

/** Sends nothing and says nothing: for tests and commands. */
export const noMail: Mailer = { delivers: false, send: () => Promise.resolve({ kind: 'sent' }), close: () => Promise.resolve() };
