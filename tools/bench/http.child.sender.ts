import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const TEXT = 'Does anybody know why the build on the second machine takes twice as long since Tuesday? I looked at the logs and found nothing. ';

/** A person who sends over one keep-alive connection, speaking just enough HTTP to cost little. */
export class Sender {
  private readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);
  private answered: (() => void) | undefined;
  private failed: ((error: Error) => void) | undefined;
  private readonly head: string;

  constructor(port: number, token: string) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.head = `POST /api/v1/send_message HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: `;
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', (error) => this.failed?.(error));
    this.socket.on('close', () => this.failed?.(new Error('the connection was closed')));
  }

  /** Resolves when it is acknowledged. */
  send(channel: string, n: number): Promise<void> {
    const body = `{"channel_id":"${channel}","content":"${TEXT.slice(0, 40 + ((n * 37) % 90))} ${n}","client_msg_id":"${randomUUID()}"}`;
    return new Promise((resolve, reject) => {
      [this.answered, this.failed] = [resolve, reject];
      this.socket.write(`${this.head}${body.length}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.failed = undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.rest.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (!head.startsWith('HTTP/1.1 201')) return this.failed?.(new Error(this.rest.toString()));
    if (this.rest.length < end + 4 + length) return;
    this.rest = this.rest.subarray(end + 4 + length);
    this.answered?.();
  }
}
