import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { DataStore, ERRORS, Metadata, Server, Upload } from '@tus/server';
import { UUID_PATTERN } from '@parley/shared/domain/ids';
import { ParleyError } from '@parley/shared/protocol/errors';
import { API_PREFIX } from '@parley/shared/protocol/version';
import type { Core, CoreRequest, CoreResponse } from '../core.ts';
import { plainName } from '../features/files/file-name.ts';
import { UPLOAD_US } from '../features/files/file-rows.ts';
import { fromDisk } from '../features/files/intake.service.ts';
import { beginUpload, discardUpload, finishUpload, ownUpload } from '../features/files/uploads.service.ts';
import type { Deps } from '../platform/deps.ts';
import { files } from '../storage/tables.ts';
import { problemResponse } from './problem.ts';
import type { Caller } from './route.ts';

const PATH = `${API_PREFIX}/files`;
const METHODS = new Set(['POST', 'HEAD', 'PATCH', 'DELETE']);

/** Whether a request below `/api/v1/` speaks tus. */
export const isTus = (request: IncomingMessage, path: string): boolean => (path === 'files' || path.startsWith('files/')) && (request.method === 'OPTIONS' || (request.headers['tus-resumable'] !== undefined && METHODS.has(request.method ?? '')));

/** The bytes lie in `Uploads`; all else about an upload lies in the store, in the row of the file to be. */
class UploadBytes extends DataStore {
  constructor(private readonly deps: Deps) {
    super();
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];
  }

  override async create(upload: Upload): Promise<Upload> {
    await this.deps.uploads.begin(upload.id);
    return upload;
  }

  /** One that has become a file is whole, and its bytes are no longer here. */
  override async getUpload(id: string): Promise<Upload> {
    const row = await this.deps.store.read((tx) => tx.get(files, [id]));
    if (row?.state === 'kept') return new Upload({ id, size: row.upload_bytes, offset: row.upload_bytes });
    if (row?.state !== 'uploading') throw ERRORS.FILE_NOT_FOUND;
    const offset = await this.deps.uploads.size(id);
    if (offset === null) throw ERRORS.FILE_NO_LONGER_EXISTS;
    // The library reckons by the machine's clock.
    const begun = Date.now() - (this.deps.clock.now() - Date.parse(row.doc.created_at));
    return new Upload({ id, size: row.upload_bytes, offset, creation_date: new Date(begun).toISOString() });
  }

  /** An offset that was answered outlasts a power cut. */
  override write(readable: Readable, id: string, offset: number): Promise<number> {
    return this.deps.uploads.append(id, offset, readable);
  }

  override remove(id: string): Promise<void> {
    return this.deps.uploads.remove(id);
  }

  override getExpiration(): number {
    return UPLOAD_US / 1000;
  }
}

/** What the library answers of an error of ours. */
const problem = (error: ParleyError): { status_code: number; body: string } => {
  const { status, body } = problemResponse(error);
  return { status_code: status, body: JSON.stringify(body) };
};

/**
 * Resumable uploads, in front of the core: who may is decided by the core, what comes of the bytes by the feature, and
 * the library holds the protocol between them.
 */
export function tusHandler(core: Core, write: (request: IncomingMessage, response: ServerResponse, answer: CoreResponse) => void): (request: IncomingMessage, response: ServerResponse, as: CoreRequest) => Promise<void> {
  const { deps } = core;
  const named = new WeakMap<object, string>();
  const make = (): Server => new Server({
    path: PATH, datastore: new UploadBytes(deps), relativeLocation: true, maxSize: deps.config.fileBytes, respectForwardedHeaders: false,
    allowedOrigins: (origin) => deps.config.origins.includes(origin),
    namingFunction: (request) => {
      const id = named.get(request.runtime?.node?.req ?? request);
      if (id === undefined) throw ERRORS.FILE_NOT_FOUND;
      return id;
    },
    onUploadFinish: async (_request, { id }) => {
      try {
        const row = await deps.store.read((tx) => tx.get(files, [id]));
        if (!row) throw new ParleyError('not_found');
        await finishUpload(deps, row);
        return {};
      } catch (error) {
        const { status, headers, body } = core.refuse(error, { method: 'PATCH', path: 'files/{id}', headers: {}, address: '' });
        return { status_code: status, headers: { ...headers }, body: JSON.stringify(body) };
      }
    },
    onResponseError: (_request, error) => {
      const known = 'status_code' in error ? undefined : fromDisk(error);
      if (known instanceof ParleyError) return problem(known);
      if (known === undefined) return undefined;
      deps.logger.warn({ err: error }, 'an upload broke off');
      return undefined;
    },
  });

  let made: Server | undefined;
  /** Made for the first upload. */
  function server(): Server {
    return (made ??= make());
  }

  async function begin(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const length = request.headers['upload-length'];
    if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) throw new ParleyError('invalid_request', 'Upload-Length has to be a number of bytes');
    const { filename, filetype, channel_id } = metadataOf(request.headers['upload-metadata']);
    if (channel_id && !UUID_PATTERN.test(channel_id)) throw new ParleyError('invalid_request', 'channel_id of Upload-Metadata: a lower-case UUID');
    const row = await beginUpload(deps, caller, { name: plainName(filename ?? ''), declared: filetype ?? '', ...(channel_id && { channel_id }) }, Number(length));
    named.set(request, row.id);
    await server().handle(request, response);
    if (response.statusCode >= 400) await discardUpload(deps, caller, row.id).catch((error: unknown) => deps.logger.warn({ err: error, file_id: row.id }, 'an upload that was refused stays until its time is over'));
  }

  async function goOn(request: IncomingMessage, response: ServerResponse, caller: Caller, id: string): Promise<void> {
    if (!UUID_PATTERN.test(id)) throw new ParleyError('not_found', 'no such upload');
    const row = await ownUpload(deps, caller, id);
    if (request.method === 'DELETE') {
      await discardUpload(deps, caller, id);
      response.writeHead(204, { 'tus-resumable': '1.0.0' }).end();
    } else if (row.state === 'uploading') await server().handle(request, response);
    else if (request.method === 'HEAD') response.writeHead(200, { 'tus-resumable': '1.0.0', 'upload-offset': row.upload_bytes, 'upload-length': row.upload_bytes, 'cache-control': 'no-store' }).end();
    else throw new ParleyError('conflict', 'the upload is finished');
  }

  return async (request, response, as) => {
    try {
      if (request.method === 'OPTIONS') return void (await server().handle(request, response));
      if (request.headers['tus-resumable'] !== '1.0.0') {
        const refused = core.refuse(new ParleyError('invalid_request', 'Tus-Resumable: 1.0.0'), as);
        return write(request, response, { ...refused, status: 412, headers: { ...refused.headers, 'tus-version': '1.0.0' } });
      }
      const caller = await core.admit(as, request.method === 'POST' ? ['write'] : []);
      const id = as.path.slice('files/'.length);
      if (request.method === 'POST') {
        if (as.path !== 'files') throw new ParleyError('not_found', 'no such call');
        await begin(request, response, caller);
      } else await goOn(request, response, caller, id);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      write(request, response, core.refuse(error, as));
    }
  };
}

function metadataOf(header: string | string[] | undefined): Record<string, string | null> {
  if (header === undefined || header === '') return {};
  try {
    return Metadata.parse(String(header));
  } catch {
    throw new ParleyError('invalid_request', 'Upload-Metadata is not as tus has it');
  }
}
