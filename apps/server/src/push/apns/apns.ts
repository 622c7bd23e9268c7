import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import { importPKCS8, SignJWT } from 'jose';
import type { Egress } from '../../egress/port.ts';
import { outcomeOfError, outcomeOfStatus } from '../outcome.ts';
import type { PushAdapter, PushMessage, PushOutcome, PushTarget } from '../port.ts';

export interface ApnsOptions {
  /** The signing key, PKCS #8 in PEM. */
  key: string;
  keyId: string;
  teamId: string;
  /** The app's bundle id. */
  topic: string;
  /** `https://api.push.apple.com`, or that of the sandbox. */
  origin: string;
}

/** Apple wants provider tokens renewed between 20 and 60 minutes. */
const TOKEN_MS = 40 * 60_000;
const TIMEOUT_MS = 10_000;
/** Apple takes a connection per message for an attack; one that is idle this long, or that old, is made anew under the guard's eyes. */
const IDLE_MS = 60_000;
const SESSION_MS = 30 * 60_000;
const GONE = new Set(['BadDeviceToken', 'Unregistered', 'DeviceTokenNotForTopic', 'ExpiredToken']);

interface Held { session: ClientHttp2Session; since: number; idle: Timer | null }

/** APNs over HTTP/2, with a provider token (ES256). */
export function apns(deps: { egress: Egress; clock: Clock }, options: ApnsOptions): PushAdapter<Extract<PushTarget, { kind: 'apns' }>> {
  let token: { value: string; since: number } | null = null;
  let held: Held | null = null;
  let opening: Promise<Held> | null = null;

  async function providerToken(): Promise<string> {
    const now = deps.clock.now();
    if (token && now - token.since < TOKEN_MS) return token.value;
    const value = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: options.keyId }).setIssuer(options.teamId).setIssuedAt(Math.floor(now / 1_000)).sign(await importPKCS8(options.key, 'ES256'));
    token = { value, since: now };
    return value;
  }

  function drop(one: Held): void {
    one.idle?.cancel();
    if (held === one) held = null;
    if (!one.session.closed) one.session.close();
  }

  async function connected(): Promise<Held> {
    if (held && !held.session.closed && !held.session.destroyed && deps.clock.now() - held.since < SESSION_MS) return held;
    if (held) drop(held);
    opening ??= open().finally(() => (opening = null));
    return opening;
  }

  async function open(): Promise<Held> {
    const session = await deps.egress.connectHttp2(options.origin, TIMEOUT_MS);
    const one: Held = { session, since: deps.clock.now(), idle: null };
    // What waits for an answer hears of it by its own stream.
    session.on('error', () => drop(one));
    session.on('goaway', () => drop(one));
    session.on('close', () => drop(one));
    held = one;
    return one;
  }

  return {
    async send(target, message) {
      let one: Held;
      let authorization: string;
      try {
        authorization = `bearer ${await providerToken()}`;
        one = await connected();
      } catch (error) {
        // Nothing was sent yet.
        const outcome = outcomeOfError(error);
        return { kind: 'refused', retryAfterMs: null, detail: outcome.kind === 'gone' ? 'the address of APNs is refused' : 'detail' in outcome ? outcome.detail : 'no connection' };
      }
      one.idle?.cancel();
      const answer = await ask(one.session, headersFor(target.token, message, options.topic, authorization, deps.clock.now()), JSON.stringify(bodyFor(message)));
      one.idle = deps.clock.setTimer(IDLE_MS, () => drop(one));
      if ('kind' in answer) return answer;
      if (answer.reason === 'ExpiredProviderToken') {
        token = null;
        return { kind: 'refused', retryAfterMs: null, detail: '403 ExpiredProviderToken' };
      }
      if (GONE.has(answer.reason)) return { kind: 'gone' };
      return outcomeOfStatus(answer.status === 404 ? 400 : answer.status, answer.headers, `apns ${answer.reason}`, deps.clock.now());
    },
    async close() {
      if (held) drop(held);
    },
  };
}

function headersFor(token: string, { payload, collapse, ttlSeconds }: PushMessage, topic: string, authorization: string, now: number): Record<string, string> {
  const show = payload.kind === 'show';
  return {
    ':method': 'POST', ':path': `/3/device/${encodeURIComponent(token)}`, authorization, 'apns-topic': topic, 'apns-push-type': show ? 'alert' : 'background', 'apns-priority': show ? '10' : '5',
    'apns-collapse-id': collapse, 'apns-expiration': String(Math.floor(now / 1_000) + ttlSeconds), 'content-type': 'application/json',
  };
}

function bodyFor({ payload }: PushMessage): object {
  if (payload.kind === 'withdraw') return { aps: { 'content-available': 1 }, parley: payload };
  return { aps: { alert: { title: payload.title, body: payload.body }, 'thread-id': payload.tag, sound: 'default', 'mutable-content': 1 }, parley: { kind: payload.kind, account: payload.account, tag: payload.tag, path: payload.path, items: payload.items } };
}

interface Answer { status: number; reason: string; headers: IncomingHttpHeaders }

/** Whatever goes wrong after the request left may have happened after it was taken, unless the peer says it never looked. */
function ask(session: ClientHttp2Session, headers: Record<string, string>, body: string): Promise<Answer | PushOutcome> {
  return new Promise((resolve) => {
    let answered: IncomingHttpHeaders & { ':status'?: number } = {};
    let text = '';
    let stream: ReturnType<ClientHttp2Session['request']>;
    try {
      stream = session.request(headers);
    } catch (error) {
      // The session ended in between: nothing left.
      return resolve({ kind: 'refused', retryAfterMs: null, detail: String(error) });
    }
    stream.setEncoding('utf8');
    stream.setTimeout(TIMEOUT_MS, () => stream.close());
    stream.on('response', (got) => (answered = got));
    stream.on('data', (chunk: string) => (text = (text + chunk).slice(0, 2_048)));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const status = answered[':status'];
      if (status === undefined) return resolve(stream.rstCode === 7 ? { kind: 'refused', retryAfterMs: null, detail: 'the stream was refused' } : { kind: 'unknown', detail: `the stream ended with ${stream.rstCode}` });
      resolve({ status, reason: reasonOf(text), headers: answered });
    });
    stream.end(body);
  });
}

function reasonOf(text: string): string {
  if (text === '') return '';
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    return typeof reason === 'string' ? reason : '';
  } catch {
    // Not APNs' form: the status alone says what there is to say.
    return '';
  }
}
