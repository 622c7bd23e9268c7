import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { Problem } from '@parley/shared/protocol/errors';
import { parseAnswer, parseServerFrame } from '@parley/shared/sync/parse';
import type { Outcome, Socket, SocketObserver, Transport } from '@parley/shared/sync/ports';
import type { CoreRequest } from '../../core.ts';
import type { SocketEvents, SocketLink } from '../../realtime/link.ts';
import type { Chance } from './chance.ts';
import { FrameOrder } from './frame-order.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimServer } from './sim-server.ts';

/** How bad the wire is. All zero: perfect, with a small delay. */
export interface Weather { loss: number; repeat: number; slow: number; liveLoss: number; liveRepeat: number; cut: number }
export const CALM: Weather = { loss: 0, repeat: 0, slow: 0, liveLoss: 0, liveRepeat: 0, cut: 0 };

/** One device's wire. Dies with its engine: a dead engine hears nothing. */
export class SimWire implements Transport {
  private alive = true;
  private readonly cuts = new Set<() => void>();

  constructor(private readonly server: SimServer, private readonly clock: SimClock, private readonly chance: Chance, private readonly token: string, private readonly weather: () => Weather, private readonly online: () => boolean) {}

  die(): void {
    this.alive = false;
    this.cut();
  }
  /** The network goes: what is on its way is lost. */
  cut(): void { for (const cut of [...this.cuts]) cut(); }

  private delay(): number {
    const { slow } = this.weather();
    return this.chance.of(slow) ? this.chance.between(200, 2_500) : this.chance.between(1, 40);
  }
  /** Never resolves for the dead. */
  private async pause(ms: number): Promise<void> {
    await this.clock.sleep(ms);
    if (!this.alive) await new Promise<never>(() => {});
  }

  async call<C extends Call>(call: C, input: InputOf<C>, options: { idempotencyKey?: string } = {}): Promise<Outcome<ResponseOf<C>>> {
    const request = this.request(call, input, options.idempotencyKey);
    await this.pause(this.delay());
    if (!this.online() || this.chance.of(this.weather().loss)) return this.lost();
    // A proxy or the client's own stack may repeat a request: the server hears it again, later, and answers nobody.
    if (this.chance.of(this.weather().repeat)) this.clock.setTimer(this.delay() * 3, () => void this.server.handle(request));
    const response = await this.server.handle(request);
    await this.pause(this.delay());
    if (!response || !this.online() || this.chance.of(this.weather().loss)) return this.lost();
    const body: unknown = response.body === undefined ? undefined : JSON.parse(JSON.stringify(response.body));
    if (response.status < 300) {
      const answer = parseAnswer(call, body);
      if (!answer) throw new Error(`${call.path} was answered with what its schema refuses: ${JSON.stringify(body).slice(0, 500)}`);
      return { kind: 'ok', status: response.status, value: answer.value };
    }
    const problem = Problem.parse(body);
    const seconds = Number(response.headers['retry-after'] ?? NaN);
    return { kind: 'problem', problem, retryAfterMs: problem.retry_after_ms ?? (Number.isFinite(seconds) ? seconds * 1_000 : null) };
  }

  private async lost(): Promise<{ kind: 'unreached'; reason: string }> {
    await this.pause(this.chance.between(100, 3_000));
    return { kind: 'unreached', reason: 'lost' };
  }

  private request(call: Call, input: unknown, key: string | undefined): CoreRequest {
    const fields = JSON.parse(JSON.stringify(input)) as Record<string, unknown>;
    const headers = { authorization: `Bearer ${this.token}`, ...(key !== undefined && { 'idempotency-key': key }) };
    const get = call.method === 'GET';
    return { method: call.method, path: call.path, headers, address: '127.0.0.1', ...(get ? { query: Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, String(v)])) } : { body: fields }) };
  }

  connect(observer: SocketObserver): Socket {
    let open = true;
    let events: SocketEvents | null = null;
    const order = new FrameOrder();
    let upAt = 0;
    let downAt = 0;
    // In order within a connection, whatever each takes.
    const later = (down: boolean, task: () => void): void => {
      const at = Math.max(down ? downAt : upAt, this.clock.now() + this.delay());
      if (down) downAt = at;
      else upAt = at;
      this.clock.setTimer(at - this.clock.now(), task);
    };
    const end = (code: number): void => {
      if (!open) return;
      open = false;
      this.cuts.delete(cut);
      events?.closed();
      if (this.alive) later(true, () => void (this.alive && observer.closed(code, '')));
    };
    const cut = (): void => end(1006);
    const link: SocketLink = {
      send: (frame) => {
        const wrong = order.said(frame);
        if (wrong) this.server.errors.push(wrong);
        const weather = this.weather();
        if (this.chance.of(weather.cut)) return cut();
        const live = frame.startsWith('{"type":"live"');
        if (live && this.chance.of(weather.liveLoss)) return;
        const take = (): void => {
          if (!open || !this.alive) return;
          const parsed = parseServerFrame(JSON.parse(frame));
          if (!parsed) throw new Error(`a frame that its schema refuses: ${frame.slice(0, 500)}`);
          observer.frame(parsed);
        };
        later(true, take);
        // A frame that comes again, or late, behind others: losing, repeating and reordering them must change nothing.
        if (live && this.chance.of(weather.liveRepeat)) this.clock.setTimer(this.delay() * 5, take);
      },
      sendMany: (frames) => frames.forEach((frame) => link.send(frame)),
      buffered: () => 0,
      whenBelow: (_bytes, then) => void this.clock.setTimer(0, then),
      close: (code) => later(true, () => end(code)),
    };
    this.cuts.add(cut);
    this.clock.setTimer(this.delay(), () => {
      if (!open || !this.alive) return;
      events = this.online() ? this.server.accept(link, cut) : null;
      if (!events) return end(1006);
      later(true, () => void (open && this.alive && observer.opened()));
    });
    return {
      send: (frame) => {
        const text = JSON.stringify(frame);
        if (frame.type === 'hello') order.asked(frame.cursors, frame.looking_at ?? []);
        later(false, () => void (open && events?.message(text)));
      },
      close: () => {
        if (!open) return;
        open = false;
        this.cuts.delete(cut);
        later(false, () => events?.closed());
      },
    };
  }
}
