import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openServices, startApplication, type Application } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { callServer } from './server-process.ts';

interface Session {
  token: string;
  device_id: string;
  workspace?: { id: string };
  user: { id: string };
}

let data: string;
let app: Application;
let owner: Session;

beforeAll(async () => {
  data = await mkdtemp(`${tmpdir()}/parley-app-`);
  app = await startApplication(await openServices({ ...loadConfig({ PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off' }, { data }), logLevel: 'silent' }));
  owner = (await callServer<Session>(app.url, 'POST', 'set_up', { body: { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' } })).body;
}, 60_000);
afterAll(async () => {
  await app.stop();
  await rm(data, { recursive: true });
});

const signIn = async (login: string, password: string): Promise<Session> => (await callServer<Session>(app.url, 'POST', 'sign_in', { body: { login, password } })).body;

async function createUser(username: string): Promise<Session> {
  const body = { workspace_id: owner.workspace!.id, username, display_name: username, email: `${username}@example.org`, password: 'long enough' };
  expect((await callServer(app.url, 'POST', 'create_user', { token: owner.token, body })).status).toBe(201);
  return signIn(username, 'long enough');
}

/** Opens a socket and waits until the server welcomed it. */
async function welcomed(token: string): Promise<{ closed: Promise<{ code: number; at: number }> }> {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/connect`);
  const closed = new Promise<{ code: number; at: number }>((resolve) => socket.on('close', (code) => resolve({ code, at: Date.now() })));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token, cursors: {} })));
    socket.on('message', (frame: Buffer) => {
      if ((JSON.parse(frame.toString()) as { type: string }).type === 'welcome') resolve();
    });
    socket.on('error', reject);
    void closed.then(({ code }) => reject(new Error(`closed with ${code}`)));
  });
  return { closed };
}

describe('an ended session closes its sockets with 4003 within a second', () => {
  async function endsBy(session: Session, act: () => Promise<{ status: number }>): Promise<void> {
    const { closed } = await welcomed(session.token);
    const started = Date.now();
    expect((await act()).status).toBeLessThan(300);
    const { code, at } = await closed;
    expect(code).toBe(4003);
    expect(at - started).toBeLessThan(1_000);
    expect((await callServer(app.url, 'GET', 'me', { token: session.token })).status).toBe(401);
  }

  it('by revoking the device', async () => {
    const phone = await signIn('olivia', 'long enough');
    await endsBy(phone, () => callServer(app.url, 'POST', 'revoke_device', { token: owner.token, body: { device_id: phone.device_id } }));
  });

  it('by signing out', async () => {
    const phone = await signIn('olivia', 'long enough');
    await endsBy(phone, () => callServer(app.url, 'POST', 'sign_out', { token: phone.token }));
  });

  it('by a new password, on all other devices', async () => {
    const mia = await createUser('mia');
    const phone = await signIn('mia', 'long enough');
    const kept = await welcomed(mia.token);
    await endsBy(phone, () => callServer(app.url, 'POST', 'change_password', { token: mia.token, body: { current_password: 'long enough', new_password: 'longer enough' } }));
    expect(await Promise.race([kept.closed, Promise.resolve('open')])).toBe('open');
    expect((await callServer(app.url, 'GET', 'me', { token: mia.token })).status).toBe(200);
  });

  it('by deactivating the account', async () => {
    const ben = await createUser('ben');
    await endsBy(ben, () => callServer(app.url, 'POST', 'deactivate_user', { token: owner.token, body: { user_id: ben.user.id } }));
  });
});

describe('the running server', () => {
  it('is ready, with the settings read back from the database', async () => {
    const ready = await fetch(`${app.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ ready: true, reasons: [], store: { adapter: 'sqlite', settings: { journal_mode: 'wal', synchronous: 2 } } });
  });

  it('measures what it does', async () => {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    expect(text).toMatch(/parley_http_requests_total\{call="set_up",status="201"\} 1/);
    expect(text).toMatch(/parley_commit_batch_size_count [1-9]/);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('does not lose a dropped connection\'s half request', async () => {
    const abort = new AbortController();
    const half = fetch(`${app.url}/api/v1/sign_in`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode('{"login":')) }), duplex: 'half', signal: abort.signal } as RequestInit);
    abort.abort();
    await expect(half).rejects.toThrow();
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
  });
});
