import { create } from 'zustand';
import { getImport, startImport, type ImportStatus } from '@parley/shared/protocol/calls/imports';
import { readText, writeText } from '../../platform/device-settings.ts';
import { addressOf, callServer, readOutcome } from '../../state/api.ts';
import { useScreen } from '../../state/screen.ts';

/** SET-2: one import, from choosing the file to the last message. It goes on when one leaves, and is found again after a reload. */
export type ImportJob =
  | { kind: 'none' }
  | { kind: 'uploading'; name: string; sent: number; total: number; startedAt: number; cancel(): void }
  | { kind: 'running'; id: string; status: ImportStatus | null; startedAt: number; unreached: boolean }
  | { kind: 'done'; id: string; status: ImportStatus }
  | { kind: 'failed'; status: ImportStatus | null; reason: string | null; code: string | null };

const KEY = 'parley.import';
const POLL_MS = 700;

export const useImportJob = create<{ job: ImportJob }>(() => ({ job: { kind: 'none' } }));
const show = (job: ImportJob) => {
  useImportJob.setState({ job });
  useScreen.setState({ importing: job.kind === 'running' ? { id: job.id, progress: job.status?.progress ?? 0 } : null });
};

/** Sends the archive as the body, with progress, then follows the import. */
export function uploadArchive(file: File, workspaceId: string): void {
  const request = new XMLHttpRequest();
  const startedAt = Date.now();
  const progress = (sent: number) => show({ kind: 'uploading', name: file.name, sent, total: file.size, startedAt, cancel: () => request.abort() });
  progress(0);
  request.upload.onprogress = (event) => progress(event.loaded);
  request.onerror = () => show({ kind: 'failed', status: null, reason: null, code: 'unreached' });
  request.onabort = () => show({ kind: 'none' });
  request.onload = () => {
    const outcome = readOutcome(startImport, request.status, request.getResponseHeader('retry-after'), request.responseText);
    if (outcome.kind === 'ok') followImport(outcome.value.import_id);
    else show({ kind: 'failed', status: null, reason: outcome.kind === 'problem' ? (outcome.problem.detail ?? outcome.problem.title) : null, code: outcome.kind === 'problem' ? outcome.problem.code : 'unreached' });
  };
  request.open('POST', addressOf(startImport, { kind: 'slack', workspace_id: workspaceId, name: file.name.slice(0, 255) }));
  request.setRequestHeader('content-type', 'application/zip');
  request.setRequestHeader('idempotency-key', Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(''));
  request.send(file);
}

/** Asks how an import stands until it has ended. */
export function followImport(id: string): void {
  writeText(KEY, id);
  const startedAt = Date.now();
  let status: ImportStatus | null = null;
  show({ kind: 'running', id, status, startedAt, unreached: false });
  const ask = async () => {
    const outcome = await callServer(getImport, { import_id: id });
    if (outcome.kind === 'problem' && outcome.problem.status < 500 && outcome.problem.code !== 'rate_limited') {
      writeText(KEY, null);
      return show(outcome.problem.code === 'not_found' ? { kind: 'none' } : { kind: 'failed', status, reason: outcome.problem.detail ?? outcome.problem.title, code: outcome.problem.code });
    }
    if (outcome.kind === 'ok') status = outcome.value;
    if (status !== null && status.state === 'done') {
      writeText(KEY, null);
      return show({ kind: 'done', id, status });
    }
    if (status !== null && status.state === 'failed') {
      writeText(KEY, null);
      return show({ kind: 'failed', status, reason: status.error ?? null, code: null });
    }
    show({ kind: 'running', id, status, startedAt, unreached: outcome.kind === 'unreached' });
    setTimeout(() => void ask(), POLL_MS);
  };
  void ask();
}

/** After a reload: goes on watching. */
export function resumeImport(): void {
  const id = readText(KEY);
  if (id !== null && useImportJob.getState().job.kind === 'none') followImport(id);
}

export const forgetImport = (): void => show({ kind: 'none' });
