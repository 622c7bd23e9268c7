import { describe, expect, it } from 'vitest';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../log/partition.ts';
import type { FakeClock } from '@parley/shared/testing/fake-clock';
import { deviceKey, type DispatcherInbox, type GatewayInbox, type LinkMessage, type Registry, type TypingNotice } from './port.ts';

const STREAM: StreamName = 'channel:00000000-0000-7000-8000-000000000001';
const PARTITION = partitionOf(STREAM);

function recorder() {
  const messages: LinkMessage[] = [];
  const typing: TypingNotice[] = [];
  const presence: [string, string][] = [];
  const profiles: string[] = [];
  const inbox: GatewayInbox = {
    deliver: (m) => messages.push(m),
    typing: (n) => typing.push(n),
    presence: (u, s) => presence.push([u, s]),
    profileChanged: (u) => profiles.push(u),
  };
  return { messages, typing, presence, profiles, inbox };
}
function asked() {
  const calls: string[] = [];
  const inbox: DispatcherInbox = { subscribe: (g, s) => calls.push(`+${g} ${s}`), unsubscribe: (g, s) => calls.push(`-${g} ${s}`) };
  return { calls, inbox };
}

/** What every registry guarantees; `advance` of the clock must also let what is on its way arrive. */
export function registryContract(name: string, make: (clock: FakeClock) => Promise<Registry>, newClock: () => FakeClock): void {
  const start = async () => {
    const clock = newClock();
    return { clock, registry: await make(clock) };
  };

  describe(`registry: ${name}`, () => {
    it('REG1 a subscription reaches the partition\'s dispatcher, and the answer comes before what follows it, numbered', async () => {
      const { clock, registry } = await start();
      const g = recorder();
      const gateway = registry.attachGateway('g1', g.inbox);
      const dispatcher = registry.attachDispatcher('d1', {
        subscribe: (id, stream) => {
          dispatcher.send(id, PARTITION, { kind: 'subscribed', stream, rev: 4, seq: 2 });
          dispatcher.send(id, PARTITION, { kind: 'events', partition: PARTITION, events: [] });
        },
        unsubscribe: () => {},
      });
      expect(dispatcher.own(PARTITION, 1)).toBe(true);
      gateway.subscribe(STREAM);
      await clock.advance(0);
      expect(g.messages.map((m) => [m.number, m.body.kind, m.token])).toEqual([[1, 'subscribed', 1], [2, 'events', 1]]);
      await registry.close();
    });

    it('REG2 beats come every two seconds with the last number', async () => {
      const { clock, registry } = await start();
      const g = recorder();
      registry.attachGateway('g1', g.inbox);
      const dispatcher = registry.attachDispatcher('d1', asked().inbox);
      dispatcher.own(PARTITION, 1);
      dispatcher.send('g1', PARTITION, { kind: 'events', partition: PARTITION, events: [] });
      await clock.advance(4_100);
      const beats = g.messages.filter((m) => m.body.kind === 'beat');
      expect(beats.length).toBeGreaterThanOrEqual(2);
      expect(beats.every((m) => m.number === 1)).toBe(true);
      await registry.close();
    });

    it('REG3 a successor is told the subscriptions, and what the fenced-off one sends is not delivered', async () => {
      const { clock, registry } = await start();
      const g = recorder();
      const gateway = registry.attachGateway('g1', g.inbox);
      const one = registry.attachDispatcher('d1', asked().inbox);
      one.own(PARTITION, 1);
      gateway.subscribe(STREAM);
      const second = asked();
      const two = registry.attachDispatcher('d2', second.inbox);
      expect(two.own(PARTITION, 2)).toBe(true);
      await clock.advance(0);
      expect(second.calls).toEqual([`+g1 ${STREAM}`]);
      one.send('g1', PARTITION, { kind: 'subscribed', stream: STREAM, rev: 1, seq: 0 });
      await clock.advance(0);
      expect(g.messages.filter((m) => m.body.kind !== 'beat')).toEqual([]);
      expect(one.own(PARTITION, 1)).toBe(false);
      await registry.close();
    });

    it('REG4 a subscription made while nobody owns the partition is told to the first owner', async () => {
      const { clock, registry } = await start();
      const gateway = registry.attachGateway('g1', recorder().inbox);
      gateway.subscribe(STREAM);
      const d = asked();
      registry.attachDispatcher('d1', d.inbox).own(PARTITION, 1);
      await clock.advance(0);
      expect(d.calls).toEqual([`+g1 ${STREAM}`]);
      await registry.close();
    });

    it('REG5 unsubscribing and detaching reach the dispatcher', async () => {
      const { clock, registry } = await start();
      const d = asked();
      registry.attachDispatcher('d1', d.inbox).own(PARTITION, 1);
      const gateway = registry.attachGateway('g1', recorder().inbox);
      gateway.subscribe(STREAM);
      gateway.unsubscribe(STREAM);
      gateway.subscribe(STREAM);
      gateway.detach();
      await clock.advance(0);
      expect(d.calls).toEqual([`+g1 ${STREAM}`, `-g1 ${STREAM}`, `+g1 ${STREAM}`, `-g1 ${STREAM}`]);
      await registry.close();
    });

    it('REG6 typing reaches every gateway', async () => {
      const { clock, registry } = await start();
      const [a, b] = [recorder(), recorder()];
      const gateway = registry.attachGateway('g1', a.inbox);
      registry.attachGateway('g2', b.inbox);
      const notice = { channel_id: 'c', user_id: 'u', parent_message_id: null };
      gateway.typing(notice);
      await clock.advance(0);
      expect([a.typing, b.typing]).toEqual([[notice], [notice]]);
      await registry.close();
    });

    it('REG7 presence merges devices of all gateways, is coalesced, and told to watchers only', async () => {
      const { clock, registry } = await start();
      const [a, b] = [recorder(), recorder()];
      const one = registry.attachGateway('g1', a.inbox);
      const two = registry.attachGateway('g2', b.inbox);
      one.watch('ada');
      one.setDevice('ada', 'phone', 'away');
      two.setDevice('ada', 'desk', 'online');
      await clock.advance(1_000);
      expect(a.presence).toEqual([['ada', 'online']]);
      expect(b.presence).toEqual([]);
      two.setDevice('ada', 'desk', null);
      await clock.advance(1_000);
      expect(a.presence.at(-1)).toEqual(['ada', 'away']);
      one.unwatch('ada');
      one.setDevice('ada', 'phone', 'online');
      await clock.advance(1_000);
      expect(a.presence.at(-1)).toEqual(['ada', 'away']);
      expect(await registry.statesOf(['ada', 'bob'])).toEqual(new Map([['ada', 'online']]));
      await registry.close();
    });

    it('REG8 going offline is told late, so that a reconnection is not seen', async () => {
      const { clock, registry } = await start();
      const a = recorder();
      const gateway = registry.attachGateway('g1', a.inbox);
      gateway.watch('ada');
      gateway.setDevice('ada', 'desk', 'online');
      await clock.advance(1_000);
      gateway.setDevice('ada', 'desk', null);
      await clock.advance(2_000);
      gateway.setDevice('ada', 'desk', 'online');
      await clock.advance(10_000);
      expect(a.presence).toEqual([['ada', 'online']]);
      gateway.setDevice('ada', 'desk', null);
      await clock.advance(10_000);
      expect(a.presence.at(-1)).toEqual(['ada', 'offline']);
      await registry.close();
    });

    it('REG9 what a person chose wins over devices until it ends, and never shows an absent person', async () => {
      const { clock, registry } = await start();
      const gateway = registry.attachGateway('g1', recorder().inbox);
      registry.choose('ada', 'dnd', clock.now() + 60_000);
      expect(await registry.statesOf(['ada'])).toEqual(new Map());
      gateway.setDevice('ada', 'desk', 'online');
      await clock.advance(1_000);
      expect(await registry.statesOf(['ada'])).toEqual(new Map([['ada', 'dnd']]));
      await clock.advance(60_000);
      expect(await registry.statesOf(['ada'])).toEqual(new Map([['ada', 'online']]));
      await registry.close();
    });

    it('REG9 hours without disturbance show while they last and nothing else was chosen, and are told as they begin and end', async () => {
      const { clock, registry } = await start();
      const a = recorder();
      const gateway = registry.attachGateway('g1', a.inbox);
      gateway.watch('ada');
      gateway.setDevice('ada', 'desk', 'online');
      const minute = Math.floor(clock.now() / 60_000) % 1_440;
      registry.quiet('ada', [{ from: (minute + 2) % 1_440, to: (minute + 4) % 1_440, days: [0, 1, 2, 3, 4, 5, 6], timeZone: 'UTC' }]);
      await clock.advance(1_000);
      expect(await registry.statesOf(['ada'])).toEqual(new Map([['ada', 'online']]));
      await clock.advance(121_000);
      expect([await registry.statesOf(['ada']), a.presence.at(-1)]).toEqual([new Map([['ada', 'dnd']]), ['ada', 'dnd']]);
      registry.choose('ada', 'away', null);
      expect(await registry.statesOf(['ada'])).toEqual(new Map([['ada', 'away']]));
      registry.choose('ada', 'auto', null);
      await clock.advance(121_000);
      expect([await registry.statesOf(['ada']), a.presence.at(-1)]).toEqual([new Map([['ada', 'online']]), ['ada', 'online']]);
      await registry.close();
    });

    it('REG10 a gateway that detaches takes its devices with it', async () => {
      const { clock, registry } = await start();
      const gateway = registry.attachGateway('g1', recorder().inbox);
      gateway.setDevice('ada', 'desk', 'online');
      gateway.detach();
      await clock.advance(10_000);
      expect(await registry.statesOf(['ada'])).toEqual(new Map());
      await registry.close();
    });

    it('REG11 a changed profile is told to those who watch the person', async () => {
      const { clock, registry } = await start();
      const [a, b] = [recorder(), recorder()];
      registry.attachGateway('g1', a.inbox).watch('ada');
      registry.attachGateway('g2', b.inbox);
      registry.profileChanged('ada');
      await clock.advance(0);
      expect([a.profiles, b.profiles]).toEqual([['ada'], []]);
      await registry.close();
    });

    it('REG12 usage tells the devices of all gateways as they are, whatever the person chose to show', async () => {
      const { registry } = await start();
      const [one, two] = [registry.attachGateway('g1', recorder().inbox), registry.attachGateway('g2', recorder().inbox)];
      expect(await registry.usageOf('ada')).toEqual({ active: false, connected: [] });
      registry.choose('ada', 'dnd', null);
      one.setDevice('ada', deviceKey('desk', 'tab 1'), 'away');
      one.setDevice('ada', deviceKey('desk', 'tab 2'), 'away');
      two.setDevice('ada', deviceKey('phone', 'app'), 'online');
      expect(await registry.usageOf('ada')).toEqual({ active: true, connected: ['desk', 'phone'] });
      two.detach();
      expect(await registry.usageOf('ada')).toEqual({ active: false, connected: ['desk'] });
      await registry.close();
    });
  });
}
