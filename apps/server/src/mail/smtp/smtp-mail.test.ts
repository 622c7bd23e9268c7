import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalSmtp } from '../testing.smtp.ts';
import { smtpMail } from './smtp-mail.ts';

const mail = { to: 'alice@example.org', subject: 'Grüße aus dem Hafen', text: 'plain, größer', html: '<p>html</p>' };

describe('SMTP', () => {
  let server: LocalSmtp;
  beforeEach(async () => { server = await LocalSmtp.open(); });
  afterEach(() => server.close());
  const mailer = () => smtpMail(server.url, 'Parley <parley@chat.example.org>');

  it('sends both forms, from the server to the one address', async () => {
    expect(await mailer().send({ ...mail, unsubscribe: 'https://chat.example.org/unsubscribe/x' })).toEqual({ kind: 'sent' });
    const [{ mail: got, from, to }] = server.mails as [(typeof server.mails)[number]];
    expect([from, to, got.subject, got.text?.trim(), got.html, got.from?.text]).toEqual(['parley@chat.example.org', ['alice@example.org'], mail.subject, mail.text, mail.html, '"Parley" <parley@chat.example.org>']);
    expect(got.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line).toBe('List-Unsubscribe: <https://chat.example.org/unsubscribe/x>');
    expect(got.headerLines.find(({ key }) => key === 'list-unsubscribe-post')?.line).toBe('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
    expect(got.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('an address or a subject is no place for more headers', async () => {
    await mailer().send({ ...mail, to: 'alice@example.org\r\nBcc: eve@example.org', subject: 'x\r\nBcc: eve@example.org' });
    for (const { to } of server.mails) expect(to).not.toContain('eve@example.org');
    for (const { mail: got } of server.mails) expect(got.headers.has('bcc')).toBe(false);
  });

  it('signs in where the address says how', async () => {
    const users: string[] = [];
    const strict = await LocalSmtp.open({ authOptional: false, allowInsecureAuth: true, onAuth: ({ username, password }, _session, done) => (users.push(`${username} ${password}`), done(null, { user: username })) }, 'ben:s%40cret@');
    expect(await smtpMail(strict.url, 'parley@example.org').send(mail)).toEqual({ kind: 'sent' });
    expect(users).toEqual(['ben s@cret']);
    await strict.close();
  });

  it.each([[451, 'refused'], [452, 'refused'], [550, 'never'], [554, 'never']])('takes %i to the text for %s', async (code, kind) => {
    server.refusal = { code, message: 'no' };
    expect(await mailer().send(mail)).toMatchObject({ kind });
  });
  it.each([[450, 'refused'], [550, 'never']])('takes %i to the recipient for %s', async (code, kind) => {
    server.unknownRecipient = { code, message: 'no' };
    expect(await mailer().send(mail)).toMatchObject({ kind });
  });

  it('knows not what became of a mail whose answer was lost', async () => {
    server.refusal = 'hang up';
    expect(await mailer().send(mail)).toMatchObject({ kind: 'unknown' });
    expect(server.mails).toEqual([]);
  });

  it('knows that nothing was sent where nobody listens', async () => {
    const { url } = server;
    await server.close();
    expect(await smtpMail(url, 'parley@example.org').send(mail)).toMatchObject({ kind: 'refused' });
    server = await LocalSmtp.open();
  });
});
