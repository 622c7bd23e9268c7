import { randomUUID } from 'node:crypto';
import { createUser, setUp, signIn } from '@parley/shared/protocol/calls/accounts';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import { createChannel, openDm } from '@parley/shared/protocol/calls/channels';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { noMetrics } from '../../platform/metrics.ts';
import { openMongoStore } from '../../storage/mongodb/mongodb-store.ts';
import type { Store } from '../../storage/port.ts';
import { messages } from '../../storage/tables.ts';
import type { Cluster } from './cluster.ts';
import { ClusterDevice, type SignedIn } from './device.ts';
import { Ledger } from './ledger.ts';
import { Load, type LoadOptions } from './load.ts';
import { NodeTransport } from './node-transport.ts';
import { until } from './until.ts';

export interface WorldOptions {
  /** Without the owner, who is always there. */
  people?: readonly string[];
  devicesEach?: number;
  /** Where devices and senders go; absent: to nginx. */
  address?: (device: number) => string;
}

const PASSWORD = 'long enough';

/** People with devices at a cluster, what they sent, and the store to compare with. */
export class ClusterWorld {
  readonly people: SignedIn[] = [];
  readonly devices: ClusterDevice[] = [];
  readonly channels: string[] = [];
  readonly ledger = new Ledger();
  workspaceId = '';
  readonly #loads: Load[] = [];
  #closed = false;

  private constructor(readonly cluster: Cluster, public store: Store) {}

  /** Sets the server up, with everybody in two rooms and `general`, and a direct message between the first two. */
  static async make(cluster: Cluster, options: WorldOptions = {}): Promise<ClusterWorld> {
    const world = new ClusterWorld(cluster, await openMongoStore({ url: cluster.mongodbUrl, metrics: noMetrics }));
    const direct = cluster.withRole('api')[0]!.url;
    const owner = await world.call(null, setUp, { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: PASSWORD }, direct);
    world.workspaceId = owner.workspace!.id;
    world.people.push({ id: owner.user.id, username: 'olivia', token: owner.token!, device_id: owner.device_id });
    for (const username of options.people ?? ['alice', 'bob']) {
      const user = await world.call(world.people[0]!, createUser, { workspace_id: world.workspaceId, username, display_name: username, email: `${username}@example.org`, password: PASSWORD });
      const session = await world.call(null, signIn, { login: username, password: PASSWORD });
      world.people.push({ id: user.id, username, token: session.token!, device_id: session.device_id });
    }
    const [first, ...others] = world.people;
    for (const name of ['lounge', 'kitchen']) world.channels.push((await world.call(first!, createChannel, { workspace_id: world.workspaceId, name, user_ids: others.map((p) => p.id) })).id);
    world.channels.push((await world.call(first!, openDm, { workspace_id: world.workspaceId, user_ids: [others[0]!.id] })).id);
    let number = 0;
    for (const person of world.people)
      for (let i = 0; i < (options.devicesEach ?? 1); i++) {
        const at = number++;
        const session = i === 0 ? person : { ...person, ...(await world.signIn(person)) };
        const device = new ClusterDevice(`${person.username}-${i}`, session, () => options.address?.(at) ?? cluster.url);
        world.devices.push(device);
        await device.start();
        device.look(world.channels[0]!);
      }
    await until(() => world.devices.every((d) => d.engine!.connection.get().kind === 'live'), { ms: 30_000, what: () => `all devices are live: ${JSON.stringify(world.devices.map((d) => d.engine!.connection.get()))}` });
    return world;
  }

  private async signIn(person: SignedIn): Promise<{ token: string; device_id: string }> {
    const { token, device_id } = await this.call(null, signIn, { login: person.username, password: PASSWORD });
    return { token: token!, device_id };
  }

  /** @throws when it is not answered with success. */
  async call<C extends Call>(person: SignedIn | null, call: C, input: InputOf<C>, address = this.cluster.url): Promise<ResponseOf<C>> {
    const outcome = await new NodeTransport(() => address, person?.token ?? '').call(call, input);
    if (outcome.kind !== 'ok') throw new Error(`${call.path}: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  /** Everybody sends into the rooms, which all of them are in. */
  load(options: Partial<LoadOptions> & { rate: number }): Load {
    const load = new Load(this.ledger, { address: () => this.cluster.url, people: this.people, channels: this.channels.slice(0, 2), ...options });
    this.#loads.push(load);
    return load;
  }

  /** One send that nobody repeats, to a process of one's choice. */
  async sendOnce(address: string, content: string, clientMsgId: string, person = this.people[0]!, channelId = this.channels[0]!): Promise<'acknowledged' | 'repeated' | 'unknown'> {
    let sent = this.ledger.sent.find((s) => s.clientMsgId === clientMsgId);
    if (!sent) this.ledger.sent.push((sent = { channelId, authorId: person.id, clientMsgId, content, ack: null, failures: [], ms: 0 }));
    const outcome = await new NodeTransport(() => address, person.token).call(sendMessage, { channel_id: channelId, content, client_msg_id: clientMsgId });
    if (outcome.kind !== 'ok') {
      sent.failures.push(outcome.kind === 'problem' ? outcome.problem.code : outcome.reason);
      return 'unknown';
    }
    this.ledger.acknowledge(sent, { message_id: outcome.value.message_id, seq: outcome.value.seq, rev: outcome.value.rev });
    return outcome.status === 201 ? 'acknowledged' : 'repeated';
  }

  /** One message into the first room. */
  async say(content: string, address = this.cluster.url): Promise<{ seq: number; rev: number }> {
    return this.call(this.people[0]!, sendMessage, { channel_id: this.channels[0]!, content, client_msg_id: randomUUID() }, address);
  }

  /** The store was put back to an earlier state: what it does not have any more was acknowledged in another life. */
  async forgetWhatIsGone(): Promise<void> {
    const kept = new Set<string>();
    await this.store.read(async (tx) => {
      for (const channel of this.channels) for (const row of await tx.find(messages, { prefix: [channel], limit: 100_000 })) kept.add(row.doc.client_msg_id);
    });
    this.ledger.sent = this.ledger.sent.filter((sent) => kept.has(sent.clientMsgId));
  }

  /** Opens the store anew, after its database was another one. */
  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await openMongoStore({ url: this.cluster.mongodbUrl, metrics: noMetrics });
  }

  /** Waits until the store has a message of the first room. */
  async committed(clientMsgId: string, person = this.people[0]!, channelId = this.channels[0]!): Promise<void> {
    await until(() => this.store.read(async (tx) => (await tx.find(messages, { index: 'by_client', prefix: [channelId, person.id, clientMsgId], limit: 1 })).length === 1), { ms: 10_000, what: () => `${clientMsgId} is committed` });
  }

  /** Waits until a text is on the screen of these devices, which look at the first room. */
  async shown(content: string, devices: readonly ClusterDevice[], ms: number): Promise<void> {
    await Promise.all(devices.map((device) => until(() => device.look(this.channels[0]!).get().messages.some((m) => m.message.content === content), { ms, what: () => `${device.name} shows ${content}` })));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#loads.map((load) => load.stop()));
    await Promise.all(this.devices.map((device) => device.stop()));
    await this.store.close();
  }
}
