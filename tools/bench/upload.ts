import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/**
 * Uploads to the built server, in one request and by tus in parts of 5 MB, beside a bare Express route that writes and syncs the
 * same bytes, in turns; and how long a photo of 12 megapixels takes until its thumbnail is read. Arguments: rounds, megabytes.
 */
export interface UploadFigures {
  raw_mb_per_s: number;
  tus_mb_per_s: number;
  bare_mb_per_s: number;
  raw_ratio: number;
  tus_ratio: number;
  photo_to_thumb_ms: number;
  photo_bare_ms: number;
}

const MB = 1_048_576;
const PART = 5 * MB;

interface Target {
  process: ChildProcess;
  port: number;
  token: string;
}
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export async function run(args: string[] = []): Promise<{ name: 'upload'; figures: UploadFigures }> {
  const [rounds = 5, megabytes = 64] = args.filter((a) => /^\d+$/.test(a)).map(Number);
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const targets: Target[] = [];
  try {
    const own = await startOwn(join(directory, 'own'));
    targets.push(own);
    const bare = await startBare(join(directory, 'bare'));
    targets.push(bare);
    const bytes = randomBytes(megabytes * MB);
    const photo = await takePhoto();
    const taken = { raw: [] as number[], tus: [] as number[], bare: [] as number[], thumb: [] as number[], photoBare: [] as number[] };
    for (let round = -1; round < rounds; round++) {
      // Others than before, so that nothing is found to be there already.
      bytes.writeInt32BE(round, 0);
      const times = {
        bare: await timed(() => post(bare, bytes, 'application/octet-stream')), raw: await timed(() => post(own, bytes, 'application/octet-stream')),
        tus: await timed(() => inParts(own, bytes)), photoBare: await timed(() => post(bare, photo, 'image/jpeg')), thumb: await timed(() => thumbOf(own, photo)),
      };
      // The first round warms up.
      if (round >= 0) for (const name of Object.keys(taken) as (keyof typeof taken)[]) taken[name].push(times[name]);
    }
    const rate = (times: number[]): number => (megabytes * 1000) / median(times);
    const [raw, tus, plain] = [rate(taken.raw), rate(taken.tus), rate(taken.bare)];
    const figures: UploadFigures = {
      raw_mb_per_s: round1(raw), tus_mb_per_s: round1(tus), bare_mb_per_s: round1(plain), raw_ratio: round2(raw / plain), tus_ratio: round2(tus / plain),
      photo_to_thumb_ms: Math.round(median(taken.thumb)), photo_bare_ms: Math.round(median(taken.photoBare)),
    };
    console.log(`${megabytes} MB, ${rounds} rounds, ms: raw ${spread(taken.raw)}, tus ${spread(taken.tus)}, bare ${spread(taken.bare)}; photo of ${round1(photo.length / MB)} MB to thumbnail ${spread(taken.thumb)}`);
    console.table([figures]);
    return { name: 'upload', figures };
  } finally {
    for (const target of targets) {
      target.process.kill('SIGTERM');
      if (target.process.exitCode === null) await once(target.process, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

const round1 = (n: number): number => Number(n.toFixed(1));
const round2 = (n: number): number => Number(n.toFixed(2));
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const spread = (values: number[]): string => values.map(Math.round).join(' ');

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function ask(target: Target, method: string, path: string, headers: Record<string, string | number>, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: target.port, method, path: `/api/v1/${path}`, headers: { authorization: `Bearer ${target.token}`, ...headers, ...(body && { 'content-length': body.length }) } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const answer = { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) };
        if (answer.status < 300) resolve(answer);
        else reject(new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function post(target: Target, bytes: Uint8Array, type: string): Promise<string> {
  return (JSON.parse((await ask(target, 'POST', 'files?name=bytes', { 'content-type': type }, bytes)).body.toString()) as { id: string }).id;
}

async function inParts(target: Target, bytes: Buffer): Promise<void> {
  const tus = { 'tus-resumable': '1.0.0' };
  const { headers } = await ask(target, 'POST', 'files', { ...tus, 'upload-length': bytes.length });
  const path = headers.location!.replace('/api/v1/', '');
  for (let at = 0; at < bytes.length; at += PART) await ask(target, 'PATCH', path, { ...tus, 'upload-offset': at, 'content-type': 'application/offset+octet-stream' }, bytes.subarray(at, at + PART));
  await ask(target, 'GET', `${path}/info`, {});
}

async function thumbOf(target: Target, photo: Uint8Array): Promise<void> {
  await ask(target, 'GET', `files/${await post(target, photo, 'image/jpeg')}/thumb`, {});
}

/** As detailed as a camera's: noise that JPEG has to keep, over a gradient. */
async function takePhoto(): Promise<Buffer> {
  const noise = await sharp({ create: { width: 1_000, height: 750, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 30 } } }).png().toBuffer();
  return sharp(noise).resize(4_000, 3_000).jpeg({ quality: 90 }).toBuffer();
}

async function startOwn(data: string): Promise<Target> {
  const main = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));
  const target = await start([main, 'serve', '--json', '--data', data]);
  const answer = await ask(target, 'POST', 'set_up', { 'content-type': 'application/json' }, Buffer.from(JSON.stringify({ workspace_name: 'Bench', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'benchmark-password' })));
  return { ...target, token: (JSON.parse(answer.body.toString()) as { token: string }).token };
}

async function startBare(directory: string): Promise<Target> {
  mkdirSync(directory);
  return start([fileURLToPath(new URL('./upload.child.bare.mjs', import.meta.url)), directory]);
}

async function start(args: string[]): Promise<Target> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off', PARLEY_LOG_LEVEL: 'warn' } });
  const [first] = (await once(child.stdout!, 'data')) as [Buffer];
  const said = JSON.parse(first.toString().split('\n')[0]!) as { port?: number; url?: string };
  return { process: child, port: said.port ?? Number(new URL(said.url!).port), token: 'none' };
}
