import type { GatewayPort, Registry } from '../port.ts';
import type { RedisRegistry } from './redis-registry.ts';

/**
 * One registry to a contract, several processes in truth: gateways and dispatchers are attached to one after the other,
 * whoever asks is answered by all of them, who must agree. Gateways' calls are made one by one, each when what came
 * before has arrived everywhere, as the contract has them in order.
 */
export class SeveralRegistries {
  #turn = 0;
  #calls: Promise<void> = Promise.resolve();

  constructor(private readonly registries: readonly RedisRegistry[], private readonly quiesce: () => Promise<void>) {}

  /** Lets what was told arrive: a question, its answer, and what comes of it, which is a way through Redis each. */
  async arrived(): Promise<void> {
    await this.#calls;
    await this.#hops();
  }

  registry(): Registry {
    const next = (): RedisRegistry => this.registries[this.#turn++ % this.registries.length]!;
    const all = async <T>(ask: (registry: RedisRegistry) => Promise<T>): Promise<T> => {
      await this.arrived();
      const answers = await Promise.all(this.registries.map(ask));
      const texts = answers.map((answer) => JSON.stringify(answer instanceof Map ? [...(answer as Map<unknown, unknown>)] : answer));
      if (new Set(texts).size > 1) throw new Error(`the registries do not agree: ${texts.join(' / ')}`);
      return answers[0]!;
    };
    return {
      incarnation: () => this.registries[0]!.incarnation(),
      attachGateway: (id, inbox) => this.#inOrder(next().attachGateway(id, inbox)),
      attachDispatcher: (id, inbox) => next().attachDispatcher(id, inbox),
      statesOf: (ids) => all((registry) => registry.statesOf(ids)),
      usageOf: async (id) => {
        const usage = await all(async (registry) => {
          const { active, connected } = await registry.usageOf(id);
          return { active, connected: [...connected].sort() };
        });
        return usage;
      },
      choose: (...args) => this.#call(() => next().choose(...args)),
      quiet: (...args) => this.#call(() => next().quiet(...args)),
      profileChanged: (id) => this.#call(() => next().profileChanged(id)),
      close: async () => {
        await this.arrived();
        await Promise.all(this.registries.map((registry) => registry.close()));
      },
    };
  }

  #inOrder(port: GatewayPort): GatewayPort {
    return {
      subscribe: (stream) => this.#call(() => port.subscribe(stream)),
      unsubscribe: (stream) => this.#call(() => port.unsubscribe(stream)),
      typing: (notice) => this.#call(() => port.typing(notice)),
      setDevice: (...args) => this.#call(() => port.setDevice(...args)),
      watch: (id) => this.#call(() => port.watch(id)),
      unwatch: (id) => this.#call(() => port.unwatch(id)),
      detach: () => this.#call(() => port.detach()),
    };
  }

  #call(work: () => void): void {
    this.#calls = this.#calls.then(() => this.#hops()).then(work);
  }

  async #hops(): Promise<void> {
    for (let hop = 0; hop < 4; hop++) await Promise.all(this.registries.map((registry) => registry.settled()));
    await this.quiesce();
  }
}
