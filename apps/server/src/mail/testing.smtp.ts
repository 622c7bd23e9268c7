import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** An SMTP server on this machine that keeps what it takes. */
export class LocalSmtp {
  readonly mails: { mail: ParsedMail; from: string; to: string[] }[] = [];
  /** Answers instead of taking the text; undefined: takes it. */
  refusal: { code: number; message: string } | 'hang up' | undefined;
  /** Answers to the recipient. */
  unknownRecipient: { code: number; message: string } | undefined;
  private constructor(private readonly server: SMTPServer, readonly url: string) {}

  static async open(options: SMTPServerOptions = {}, account = ''): Promise<LocalSmtp> {
    const server: SMTPServer = new SMTPServer({
      disabledCommands: ['STARTTLS'], authOptional: true, logger: false, ...options,
      onRcptTo: (_address, _session, done) => done(local.unknownRecipient && refused(local.unknownRecipient)),
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          if (local.refusal === 'hang up') return void local.cut();
          if (local.refusal) return done(refused(local.refusal));
          simpleParser(Buffer.concat(chunks)).then((mail) => {
            const { mailFrom, rcptTo } = session.envelope;
            local.mails.push({ mail, from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address) });
            done();
          }, done);
        });
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const local = new LocalSmtp(server, `smtp://${account}127.0.0.1:${(server.server.address() as AddressInfo).port}`);
    return local;
  }

  /** Ends the connections in the middle of what they do. */
  private cut(): void {
    for (const connection of (this.server as unknown as { connections: Set<{ _socket: { destroy(): void } }> }).connections) connection._socket.destroy();
  }

  close(): Promise<void> {
    return new Promise((done) => this.server.close(() => done()));
  }
}

const refused = ({ code, message }: { code: number; message: string }): Error => Object.assign(new Error(message), { responseCode: code });
