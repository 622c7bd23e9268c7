import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { File } from '@parley/shared/protocol/entities';
import { createHttpServer } from '../edge/http.ts';
import { DiskFiles } from '../files/disk/disk-files.ts';
import { Conversation, STORES } from './conversation-world.ts';
import { testWorld, type TestCoreOptions, type TestUser, type World } from './test-core.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  json: Record<string, unknown>;
}
type Person = Pick<TestUser, 'token'> | null;

/** A server with people that listens, its files on a disk. */
export class FileWorld {
  private constructor(readonly talk: Conversation, readonly world: World, readonly directory: string, readonly server: Server) {}

  static async open(options: TestCoreOptions = {}, adapter = STORES[0]): Promise<FileWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'parley-file-world-'));
    const talk = await Conversation.open(adapter);
    const { world: quiet } = talk;
    const world = testWorld({ clock: quiet.clock, random: quiet.random, store: talk.store, ...options, config: { dataDirectory: directory, ...options.config }, deps: { files: await DiskFiles.open(join(directory, 'files')), ...options.deps } });
    world.workspace = quiet.workspace;
    world.owner = quiet.owner;
    const server = createHttpServer({
      core: world.core, web: undefined, metricsText: async () => ({ type: 'text/plain', text: '' }),
      readiness: async () => ({ ready: true, reasons: [], store: { adapter: 'memory', settings: {}, problems: [] } }),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FileWorld(talk, world, directory, server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.world.deps.pictures.close();
    await this.talk.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  ask(person: Person, method: string, path: string, headers: Record<string, string | number> = {}, body?: string | Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const all = { ...(person && { authorization: `Bearer ${person.token}` }), ...headers };
      const request = httpRequest({ host: '127.0.0.1', port: this.port, method, path: `/api/v1/${path}`, headers: all, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const json = bytes.length > 0 && /json/.test(response.headers['content-type'] ?? '') ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {};
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, json });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A file of the person, of text unless told otherwise. */
  async upload(person: TestUser, name: string, body: string | Uint8Array, type = 'text/plain'): Promise<File> {
    const answer = await this.ask(person, 'POST', `files?name=${encodeURIComponent(name)}`, { 'content-type': type }, body);
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.bytes.toString()}`);
    return answer.json as File;
  }

  begin(person: Person, length: number, metadata: Record<string, string> = {}, more: Record<string, string> = {}): Promise<Answer> {
    const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',');
    return this.ask(person, 'POST', 'files', { 'tus-resumable': '1.0.0', 'upload-length': length, ...(pairs && { 'upload-metadata': pairs }), ...more });
  }
  patch(person: Person, id: string, offset: number, body: string | Uint8Array): Promise<Answer> {
    return this.ask(person, 'PATCH', `files/${id}`, { 'tus-resumable': '1.0.0', 'upload-offset': offset, 'content-type': 'application/offset+octet-stream' }, body);
  }
  head(person: Person, id: string): Promise<Answer> {
    return this.ask(person, 'HEAD', `files/${id}`, { 'tus-resumable': '1.0.0' });
  }
  drop(person: Person, id: string): Promise<Answer> {
    return this.ask(person, 'DELETE', `files/${id}`, { 'tus-resumable': '1.0.0' });
  }
}

export const idOf = (answer: Answer): string => answer.headers.location!.split('/').pop()!;
