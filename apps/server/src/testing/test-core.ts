import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { createUser, createWorkspace, setUp, signIn } from '@parley/shared/protocol/calls/accounts';
import type { User, Workspace } from '@parley/shared/protocol/entities';
import type { Problem } from '@parley/shared/protocol/errors';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { Config } from '../config/config.ts';
import { createCore, type Core, type CoreResponse } from '../core.ts';
import type { Route } from '../edge/route.ts';
import type { Deps, PasswordHasher } from '../platform/deps.ts';
import { PageCache } from '../features/messages/page-cache.ts';
import { DiskUploads } from '../files/disk/disk-uploads.ts';
import { MemoryFiles } from '../files/memory/memory-files.ts';
import { noLinks } from '../links/port.ts';
import { silentLogger, type Logger } from '../platform/logger.ts';
import { noMetrics } from '../platform/metrics.ts';
import { SharpPictures } from '../pictures/sharp-pictures.ts';
import { noMail } from '../mail/port.ts';
import { noPush } from '../push/port.ts';
import { serverSecret, type ServerSecret } from '../platform/server-secret.ts';
import { EmbeddedRegistry } from '../registry/embedded/embedded-registry.ts';
import { MemorySearchIndex } from '../search/memory/memory-index.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import type { Store } from '../storage/port.ts';

export const TEST_ORIGIN = 'http://localhost:3210';

export const testConfig: Config = {
  host: '127.0.0.1', port: 3210, origins: [TEST_ORIGIN, 'http://127.0.0.1:3210'], url: TEST_ORIGIN, dataDirectory: `${tmpdir()}/parley-test-${process.pid}`,
  trustedProxies: [], roles: new Set(['api', 'gateway', 'dispatcher', 'worker']), mongodbUrl: null, redisUrl: null, filesPlace: { kind: 'disk', shared: false }, rateLimits: false, largeChannel: 1_000, fileBytes: 1_000_000, fileQuotaBytes: 3_000_000, setUpCode: 'test-code', metricsToken: null, egressAllow: [],
  smtpUrl: null, mailFrom: null, pushContact: null, fcm: null, apns: null,
};

/** As slow as a string comparison: never for production. */
export const fakePasswords: PasswordHasher = {
  hash: async (password) => `fake:${password}`,
  verify: async (hash, password) => hash === `fake:${password}`,
};

export const testSecret: ServerSecret = serverSecret(new Uint8Array(32));

export interface TestCoreOptions {
  seed?: number;
  clock?: FakeClock;
  random?: SeededRandom;
  /** Absent: an in-memory store. */
  store?: Store;
  config?: Partial<Config>;
  deps?: Partial<Deps>;
  /** Routes beyond those of the product. */
  routes?: (deps: Deps) => Route[];
}

/** The server core over an in-memory store, with a clock that stands still and repeatable randomness. */
export function testWorld(options: TestCoreOptions = {}): World {
  const clock = options.clock ?? new FakeClock();
  const random = options.random ?? new SeededRandom(options.seed ?? 1);
  const store = options.store ?? openMemoryStore({ clock, random });
  const failures: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void failures.push(fields), child: () => logger };
  const deps: Deps = {
    store, clock, random, passwords: fakePasswords, presence: new EmbeddedRegistry({ clock, random }), logger, metrics: noMetrics, search: new MemorySearchIndex(), pictures: new SharpPictures(), files: new MemoryFiles(),
    push: noPush, mailer: noMail, secret: testSecret,
    pages: new PageCache(noMetrics), links: noLinks, cardPictures: new MemoryFiles(), archives: new MemoryFiles(), uploads: new DiskUploads(join((options.config?.dataDirectory ?? testConfig.dataDirectory), 'uploads')),
    config: { ...testConfig, ...options.config }, ...options.deps,
  };
  return new World(createCore(deps, options.routes?.(deps)), clock, random, store, failures);
}

export interface TestUser {
  id: string;
  username: string;
  password: string;
  token: string;
  device_id: string;
  user: User;
}

/** A refused call of a test: carries the problem document. */
export class Refused extends Error {
  constructor(readonly problem: Problem, call: string) {
    super(`${call}: ${problem.status} ${problem.code} ${problem.detail ?? ''} ${JSON.stringify(problem.errors ?? [])}`);
  }
}

export interface CallOptions {
  headers?: Record<string, string>;
  address?: string;
}

/** Calls as one person, or as nobody. */
export class TestClient {
  constructor(private readonly core: Core, readonly token: string | null) {}

  /** The parsed answer. @throws Refused */
  async call<C extends Call>(call: C, input: InputOf<C>, options?: CallOptions): Promise<ResponseOf<C>> {
    const response = await this.send(call, input, options);
    if (response.status >= 400) throw new Refused(response.body as Problem, call.path);
    const parsed = call.response.safeParse(response.body);
    if (!parsed.success) throw new Error(`${call.path} answered what its schema refuses: ${JSON.stringify(parsed.error.issues)}`);
    return parsed.data as ResponseOf<C>;
  }

  /** The problem document of a call that has to be refused. */
  async refused(call: Call, input: unknown, options?: CallOptions): Promise<Problem> {
    const response = await this.send(call, input, options);
    if (response.status < 400) throw new Error(`${call.path} was not refused: ${response.status} ${JSON.stringify(response.body)}`);
    return response.body as Problem;
  }

  /** The answer as it is; bodies go through JSON as on the wire. */
  async send(call: Call, input: unknown, options: CallOptions = {}): Promise<CoreResponse> {
    const headers: Record<string, string> = { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...options.headers };
    let path = call.path;
    let fields = input;
    if (typeof input === 'object' && input !== null && path.includes('{')) {
      const rest = { ...(input as Record<string, unknown>) };
      path = path.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = String(rest[name]);
        delete rest[name];
        return encodeURIComponent(value);
      });
      fields = rest;
    }
    const asQuery = call.method === 'GET' || call.body === 'raw';
    const query = asQuery && typeof fields === 'object' && fields !== null ? Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined).map(([k, v]) => [k, String(v)])) : undefined;
    const response = await this.core.handle({ method: call.method, path, headers, address: options.address ?? '127.0.0.1', ...(asQuery ? { query } : { body: throughJson(fields) }) });
    return { ...response, body: throughJson(response.body) };
  }
}

const throughJson = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** A server with its people, for tests. */
export class World {
  workspace!: Workspace;
  owner!: TestUser;

  /** `failures`: what was logged as an error; tests of bad input expect none. */
  constructor(readonly core: Core, readonly clock: FakeClock, readonly random: SeededRandom, readonly store: Store, readonly failures: unknown[]) {}

  get deps(): Deps {
    return this.core.deps;
  }

  as(user: Pick<TestUser, 'token'> | null): TestClient {
    return new TestClient(this.core, user?.token ?? null);
  }

  /** The owner `olivia` and the first workspace with `general`. */
  async setUp(): Promise<this> {
    const password = 'correct horse 0';
    const answer = await this.as(null).call(setUp, { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia Owner', email: 'olivia@example.org', password });
    this.workspace = answer.workspace!;
    this.owner = { id: answer.user.id, username: 'olivia', password, token: answer.token!, device_id: answer.device_id, user: answer.user };
    return this;
  }

  /** An account in the workspace (the first one unless given), signed in at one device. */
  async createUser(username: string, options: { role?: 'owner' | 'admin' | 'member' | 'guest'; workspace_id?: string } = {}): Promise<TestUser> {
    const password = `password of ${username}`;
    const user = await this.as(this.owner).call(createUser, {
      workspace_id: options.workspace_id ?? this.workspace.id, username, display_name: username[0]!.toUpperCase() + username.slice(1), email: `${username}@example.org`, password, role: options.role ?? 'member',
    });
    return { ...(await this.signIn(username, password)), user };
  }

  /** Another device of the same person. */
  async signIn(username: string, password = `password of ${username}`): Promise<TestUser> {
    const answer = await this.as(null).call(signIn, { login: username, password });
    return { id: answer.user.id, username, password, token: answer.token!, device_id: answer.device_id, user: answer.user };
  }

  async createWorkspace(name: string): Promise<Workspace> {
    return this.as(this.owner).call(createWorkspace, { name });
  }
}
