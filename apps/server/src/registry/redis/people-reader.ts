import type { PersonRecord } from './presence-hash.ts';

/** People asked for in one round trip. */
const MOST = 500;

/**
 * Asks Redis for people, each once however many ask within a turn, in one round trip. Nothing is kept afterwards: an answer
 * of a moment ago would push to somebody who has just come.
 */
export class PeopleReader {
  #waiting = new Map<string, { resolve(record: PersonRecord): void; reject(error: unknown): void; answer: Promise<PersonRecord> }>();

  constructor(private readonly ask: (userIds: readonly string[]) => Promise<PersonRecord[]>) {}

  /** In the order of the ids. @throws when Redis does not answer. */
  read(userIds: readonly string[]): Promise<PersonRecord[]> {
    return Promise.all(userIds.map((userId) => this.#one(userId)));
  }

  #one(userId: string): Promise<PersonRecord> {
    const waiting = this.#waiting.get(userId);
    if (waiting) return waiting.answer;
    let settle!: { resolve(record: PersonRecord): void; reject(error: unknown): void };
    const answer = new Promise<PersonRecord>((resolve, reject) => (settle = { resolve, reject }));
    this.#waiting.set(userId, { ...settle, answer });
    if (this.#waiting.size === 1) setImmediate(() => this.#go());
    return answer;
  }

  #go(): void {
    const all = [...this.#waiting];
    this.#waiting = new Map();
    for (let i = 0; i < all.length; i += MOST) {
      const part = all.slice(i, i + MOST);
      this.ask(part.map(([userId]) => userId)).then(
        (records) => part.forEach(([, { resolve }], n) => resolve(records[n]!)),
        (error: unknown) => part.forEach(([, { reject }]) => reject(error)),
      );
    }
  }
}
