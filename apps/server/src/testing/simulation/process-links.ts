import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { DispatchLog, LogEntry } from '../../log/port.ts';
import type { DispatcherInbox, DispatcherPort, GatewayInbox, GatewayPort, ManualPresence, Presence, Registry, Usage } from '../../registry/port.ts';
import type { StoredEvent } from '../../storage/port.ts';
import type { Pause } from './pause.ts';

/** One process's end of a registry between several: a paused one hears later, a dead one nothing. */
export class ProcessRegistry implements Registry {
  private readonly ports: { detach(): void }[] = [];

  constructor(private readonly shared: Registry, private readonly pause: Pause) {}

  incarnation(): string { return this.shared.incarnation(); }

  attachGateway(id: string, inbox: GatewayInbox): GatewayPort {
    const { pause } = this;
    const port = this.shared.attachGateway(id, {
      deliver: (message) => pause.run(() => inbox.deliver(message)),
      typing: (notice) => pause.run(() => inbox.typing(notice)),
      presence: (userId, state) => pause.run(() => inbox.presence(userId, state)),
      profileChanged: (userId) => pause.run(() => inbox.profileChanged(userId)),
    });
    this.ports.push(port);
    return port;
  }

  attachDispatcher(id: string, inbox: DispatcherInbox): DispatcherPort {
    const port = this.shared.attachDispatcher(id, {
      subscribe: (gateway, stream) => this.pause.run(() => inbox.subscribe(gateway, stream)),
      unsubscribe: (gateway, stream) => this.pause.run(() => inbox.unsubscribe(gateway, stream)),
    });
    this.ports.push(port);
    return port;
  }

  die(): void {
    for (const port of this.ports) port.detach();
  }

  statesOf(userIds: readonly string[]): Promise<Map<string, Presence>> { return this.shared.statesOf(userIds); }
  usageOf(userId: string): Promise<Usage> { return this.shared.usageOf(userId); }
  choose(userId: string, presence: ManualPresence, until: number | null): void { this.shared.choose(userId, presence, until); }
  quiet(userId: string, schedule: readonly QuietHours[]): void { this.shared.quiet(userId, schedule); }
  profileChanged(userId: string): void { this.shared.profileChanged(userId); }
  async close(): Promise<void> {}
}

/** One process's end of the log: what a paused one read it has later. */
export class ProcessLog implements DispatchLog {
  constructor(private readonly shared: DispatchLog, private readonly pause: Pause) {}

  incarnation(): string { return this.shared.incarnation(); }
  async append(partition: number, events: readonly StoredEvent[]): Promise<void> {
    await this.pause.awake();
    return this.shared.append(partition, events);
  }
  async read(partition: number, position: number, limit: number, signal: AbortSignal): Promise<LogEntry[]> {
    const entries = await this.shared.read(partition, position, limit, signal);
    await this.pause.awake();
    return entries;
  }
  async acknowledge(partition: number, position: number): Promise<void> {
    await this.pause.awake();
    return this.shared.acknowledge(partition, position);
  }
  async acknowledged(partition: number): Promise<number> {
    await this.pause.awake();
    return this.shared.acknowledged(partition);
  }
  async close(): Promise<void> {}
}
