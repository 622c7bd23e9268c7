import { describe, expect, it } from 'vitest';
import { NOTE_EVERY_MS } from '../features/devices/device-notes.ts';
import { deviceCursors } from '../storage/tables.ts';
import { channelStream, RealtimeKit, type Person } from '../testing/realtime-kit.ts';

describe('gateway: where devices are', () => {
  const noted = async (kit: RealtimeKit, person: Person) => (await kit.store.read((tx) => tx.get(deviceCursors, [person.id, person.device_id])))?.cursors;

  it('what a socket acknowledges is noted after a minute and when it closes, for streams that it follows', async () => {
    const kit = await new RealtimeKit().start();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const [mine, others] = [channelStream(await kit.channel([ada, bob])), channelStream(await kit.channel([bob]))];
    const socket = await kit.connect(ada);
    socket.say({ type: 'ack', cursors: { [mine]: 2, [others]: 9 } });
    await kit.clock.advance(NOTE_EVERY_MS - 5_000);
    expect(await noted(kit, ada)).toBeUndefined();
    await kit.clock.advance(10_000);
    expect(await noted(kit, ada)).toEqual({ [mine]: 2 });
    socket.say({ type: 'ack', cursors: { [mine]: 3 } });
    socket.events!.closed();
    await kit.clock.advance(5_000);
    expect(await noted(kit, ada)).toEqual({ [mine]: 3 });
    await kit.realtime.stop();
  });

  it('a stop notes what was not noted yet', async () => {
    const kit = await new RealtimeKit().start();
    const ada = await kit.person();
    const mine = channelStream(await kit.channel([ada]));
    const socket = await kit.connect(ada);
    socket.say({ type: 'ack', cursors: { [mine]: 1 } });
    socket.events!.closed();
    await kit.realtime.stop();
    expect(await noted(kit, ada)).toEqual({ [mine]: 1 });
  });
});
