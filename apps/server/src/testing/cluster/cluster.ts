import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../config/config.ts';
import { CutProxy } from './cut-proxy.ts';
import { initiateSet, mongodbUrl, mongodPlan } from './mongo.ts';
import { nginxPlan } from './nginx.ts';
import { parleyPlan } from './parley.ts';
import { Part, type PartPlan } from './part.ts';
import { freePort } from './ports.ts';
import { startReaper, type Reaper } from './reaper.ts';
import { redisPlan } from './redis.ts';
import { S3_BUCKET, S3_KEYS, weedPlan } from './weed.ts';

export interface ProcessPlan {
  name: string;
  roles: readonly Role[];
  env?: Readonly<Record<string, string>>;
}

/** The topology of `deploy/compose.yaml` and of `npm run cluster`. */
export const TOPOLOGY: readonly ProcessPlan[] = [
  { name: 'gateway-1', roles: ['api', 'gateway'] },
  { name: 'gateway-2', roles: ['api', 'gateway'] },
  { name: 'dispatcher-1', roles: ['dispatcher'] },
  { name: 'dispatcher-2', roles: ['dispatcher'] },
  { name: 'worker-1', roles: ['worker'] },
];

export interface ClusterOptions {
  processes?: readonly ProcessPlan[];
  /** Members of the replica set: 1 or 3. */
  members?: number;
  /** Kept when it ends; absent: a temporary one that goes with it. */
  directory?: string;
  /** Where nginx listens; absent: a free port. */
  port?: number;
  /** Settings of every Parley process. */
  env?: Readonly<Record<string, string>>;
  /** Where files lie: in an S3-compatible store of its own, or, by default, in a directory that all processes share. */
  files?: 's3' | 'disk';
  /** Each Parley process reaches these over a wire of its own that can be broken. */
  wires?: readonly Wire[];
  /** Told of each part that is up. */
  onUp?: (part: Part) => void;
}

/** `http`: nginx's way to the process. */
export type Wire = 'redis' | 'mongodb' | 'http';

/** One Parley process: its part, where it answers, and its wires. */
export class ParleyProcess {
  constructor(readonly part: Part, readonly roles: readonly Role[], readonly url: string, private readonly wires: ReadonlyMap<Wire, CutProxy>) {}

  wire(name: Wire): CutProxy {
    const wire = this.wires.get(name);
    if (!wire) throw new Error(`the cluster was started without wires to ${name}`);
    return wire;
  }
}

/** What holds nothing that has to last, or is safe at any time, is not waited for longer. */
const SOON_MS = 3_000;

/** mongod, redis-server, nginx and Parley processes on the loopback address. Nothing of it outlives this process. */
export class Cluster {
  readonly mongo: Part[] = [];
  readonly processes = new Map<string, ParleyProcess>();
  mongoPorts: number[] = [];
  redis!: Part;
  redisPort = 0;
  nginx!: Part;
  s3: Part | null = null;
  /** Where people reach it. */
  url = '';
  readonly #wires: CutProxy[] = [];
  readonly #reaper: Reaper = startReaper();

  private constructor(readonly directory: string, private readonly options: ClusterOptions) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'parley-cluster-'));
    const cluster = new Cluster(directory, options);
    if (options.directory === undefined) cluster.#reaper.removeLater(directory);
    try {
      await cluster.#begin();
    } catch (error) {
      await cluster.#clear();
      throw error;
    }
    return cluster;
  }

  get mongodbUrl(): string { return mongodbUrl(this.mongoPorts); }
  get parts(): Part[] { return [...this.mongo, this.redis, ...(this.s3 ? [this.s3] : []), ...[...this.processes.values()].map((p) => p.part), this.nginx]; }

  process(name: string): ParleyProcess {
    const found = this.processes.get(name);
    if (!found) throw new Error(`there is no process ${name}`);
    return found;
  }

  withRole(role: Role): ParleyProcess[] { return [...this.processes.values()].filter((p) => p.roles.includes(role)); }

  /** Each part is asked to end, those first that others do not need. What does not end in time is killed. */
  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map(({ part }) => part.stop()));
    await Promise.all([this.nginx, this.redis, ...(this.s3 ? [this.s3] : [])].map((part) => part.stop(SOON_MS)));
    await Promise.all(this.mongo.map((part) => part.stop()));
    await this.#clear();
  }

  /** Everything ends at once. */
  async kill(): Promise<void> {
    await this.#clear();
  }

  async #clear(): Promise<void> {
    await Promise.all(this.#wires.map((wire) => wire.close()));
    await this.#reaper.close();
  }

  async #begin(): Promise<void> {
    const { options, directory } = this;
    const log = (name: string): string => join(directory, 'log', `${name}.log`);
    const up = async (part: Part): Promise<Part> => {
      await part.start();
      options.onUp?.(part);
      return part;
    };
    const part = (plan: PartPlan): Part => new Part(plan, this.#reaper);

    mkdirSync(directory, { recursive: true });
    const members = options.members ?? 1;
    for (let i = 0; i < members; i++) this.mongoPorts.push(await freePort());
    this.redisPort = await freePort();
    this.mongo.push(...this.mongoPorts.map((port, i) => part(mongodPlan({ name: `mongod-${i + 1}`, directory: join(directory, 'mongod'), logFile: log(`mongod-${i + 1}`), port }))));
    this.redis = part(redisPlan({ directory: join(directory, 'redis'), logFile: log('redis'), port: this.redisPort }));
    const s3 = options.files === 's3' ? await weedPlan({ directory: join(directory, 's3'), logFile: log('s3') }) : null;
    for (const file of s3?.leftovers ?? []) this.#reaper.removeLater(file);
    if (s3) this.s3 = part(s3.plan);
    await Promise.all([this.redis, ...(this.s3 ? [this.s3] : []), ...this.mongo].map(up));
    await initiateSet(this.mongoPorts);

    const port = options.port ?? (await freePort());
    this.url = `http://localhost:${port}`;
    const behind = new Map<string, string>();
    for (const plan of options.processes ?? TOPOLOGY) {
      const own = await freePort();
      const wires = new Map<Wire, CutProxy>();
      for (const [wire, target] of [['redis', this.redisPort], ['mongodb', this.mongoPorts[0]!], ['http', own]] as const) if (options.wires?.includes(wire)) wires.set(wire, await CutProxy.open(target));
      this.#wires.push(...wires.values());
      const env = {
        PARLEY_URL: this.url, PARLEY_TRUSTED_PROXIES: '127.0.0.1', PARLEY_LOG_LEVEL: 'info',
        ...(s3 ? { ...S3_KEYS, PARLEY_FILES: `s3://${S3_BUCKET}?endpoint=${s3.endpoint}` } : { PARLEY_FILES: 'disk-shared' }),
        PARLEY_MONGODB_URL: wires.has('mongodb') ? mongodbUrl([wires.get('mongodb')!.port]) : this.mongodbUrl,
        PARLEY_REDIS_URL: `redis://127.0.0.1:${wires.get('redis')?.port ?? this.redisPort}`,
        ...options.env, ...plan.env,
      };
      behind.set(plan.name, `127.0.0.1:${wires.get('http')?.port ?? own}`);
      this.processes.set(plan.name, new ParleyProcess(part(parleyPlan({ name: plan.name, port: own, data: join(directory, s3 ? plan.name : 'data'), logFile: log(plan.name), roles: plan.roles, env })), plan.roles, `http://127.0.0.1:${own}`, wires));
    }
    await Promise.all([...this.processes.values()].map((p) => up(p.part)));
    const addresses = (role: Role): string[] => [...this.processes].filter(([, p]) => p.roles.includes(role)).map(([name]) => behind.get(name)!);
    this.nginx = part(nginxPlan({ directory: join(directory, 'nginx'), logFile: log('nginx'), port, api: addresses('api'), gateway: addresses('gateway') }));
    await up(this.nginx);
  }
}
