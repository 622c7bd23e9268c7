import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { neededCommand } from './commands.ts';
import type { PartPlan } from './part.ts';
import { freePort } from './ports.ts';

/** Known to everybody: the store listens on this machine only, and lives as long as its cluster. */
export const S3_KEYS = { AWS_ACCESS_KEY_ID: 'parley-cluster', AWS_SECRET_ACCESS_KEY: 'parley-cluster-secret' };
export const S3_BUCKET = 'parley';

/** SeaweedFS, whose S3 gateway listens on the loopback address; ready once the bucket takes something. */
export async function weedPlan(options: { directory: string; logFile: string }): Promise<{ plan: PartPlan; endpoint: string; leftovers: string[] }> {
  // A large library that most clusters of tests never need.
  const { CreateBucketCommand, PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const { directory, logFile } = options;
  mkdirSync(directory, { recursive: true });
  const config = join(directory, 's3.json');
  writeFileSync(config, JSON.stringify({ identities: [{ name: 'parley', credentials: [{ accessKey: S3_KEYS.AWS_ACCESS_KEY_ID, secretKey: S3_KEYS.AWS_SECRET_ACCESS_KEY }], actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }] }), { mode: 0o600 });
  const ports: Record<string, number> = {};
  for (const name of ['master.port', 'master.port.grpc', 'volume.port', 'volume.port.grpc', 'filer.port', 'filer.port.grpc', 's3.port', 's3.port.grpc']) ports[name] = await freePort();
  const endpoint = `http://127.0.0.1:${ports['s3.port']}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId: S3_KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: S3_KEYS.AWS_SECRET_ACCESS_KEY } });
  const plan: PartPlan = {
    name: 's3', command: neededCommand('weed'), logFile, stopSignal: 'SIGTERM',
    args: ['-logtostderr', 'server', '-master.telemetry=false', '-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${directory}`, '-filer', '-s3', `-s3.config=${config}`, '-s3.autoCreateBucket=false', '-s3.port.iceberg=0', '-s3.port.lance=0', `-s3.localSocket=${join(directory, 's3.sock')}`, `-filer.localSocket=${join(directory, 'filer.sock')}`, '-volume.max=500', '-master.volumeSizeLimitMB=64', ...Object.entries(ports).map(([name, port]) => `-${name}=${port}`)],
    // The gateway listens before the volumes behind it take anything.
    ready: async () => {
      try {
        await client.send(new CreateBucketCommand({ Bucket: S3_BUCKET })).catch((error: unknown) => {
          if (!(error instanceof Error && /^BucketAlready/.test(error.name))) throw error;
        });
        await client.send(new PutObjectCommand({ Bucket: S3_BUCKET, Key: 'ready', Body: Buffer.from('yes'), ContentLength: 3 }));
        return true;
      } catch {
        return false;
      }
    },
  };
  // It makes sockets outside of its directory, and leaves them there when it is killed.
  const leftovers = ['master', 'volume', 'filer', 's3'].flatMap((server) => Object.values(ports).map((port) => `/tmp/seaweedfs-${server}-grpc-${port}.sock`));
  return { plan, endpoint, leftovers };
}
