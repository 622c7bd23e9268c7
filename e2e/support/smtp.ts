import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** An SMTP server on this machine that keeps what it takes. */
export class Smtp {
  readonly mails: ParsedMail[] = [];
  private constructor(private readonly server: SMTPServer, readonly url: string) {}

  static async open(): Promise<Smtp> {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'], logger: false,
      onData: (stream, _session, done) => void simpleParser(stream).then((mail) => (smtp.mails.push(mail), done()), done),
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const smtp = new Smtp(server, `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`);
    return smtp;
  }

  close(): Promise<void> {
    return new Promise((done) => this.server.close(() => done()));
  }
}
