import type { Clock } from '@parley/shared/domain/clock';
import { importPKCS8, SignJWT } from 'jose';
import * as z from 'zod/mini';
import type { Egress } from '../../egress/port.ts';
import { outcomeOfError, outcomeOfStatus, retryAfter } from '../outcome.ts';
import type { PushAdapter, PushMessage, PushOutcome, PushTarget } from '../port.ts';

/** The fields of a Google service account's key file that are used. */
export const ServiceAccount = z.object({ project_id: z.string().check(z.minLength(1)), client_email: z.string().check(z.minLength(1)), private_key: z.string().check(z.minLength(1)), token_uri: z.optional(z.url()) });
export type ServiceAccount = z.infer<typeof ServiceAccount>;

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 16_384;
/** A token is asked for anew this long before it ends. */
const EARLY_MS = 60_000;
const Token = z.looseObject({ access_token: z.string(), expires_in: z.number() });
const Refusal = z.looseObject({ error: z.looseObject({ status: z.optional(z.string()), details: z.optional(z.array(z.looseObject({ errorCode: z.optional(z.string()) }))) }) });

/** FCM HTTP v1. Messages carry data only: the app shows them and takes them back. */
export function fcm(deps: { egress: Egress; clock: Clock }, account: ServiceAccount, origin = 'https://fcm.googleapis.com'): PushAdapter<Extract<PushTarget, { kind: 'fcm' }>> {
  let token: { value: string; until: number } | null = null;
  let asking: Promise<string | PushOutcome> | null = null;

  /** One exchange at a time, whoever waits for it. */
  async function accessToken(): Promise<string | PushOutcome> {
    if (token && token.until > deps.clock.now()) return token.value;
    asking ??= exchange().finally(() => (asking = null));
    return asking;
  }

  /** RFC 7523: a signed assertion for an access token. Nothing was sent to the device yet, so any failure is a refusal. */
  async function exchange(): Promise<string | PushOutcome> {
    const now = deps.clock.now();
    const uri = account.token_uri ?? TOKEN_URI;
    try {
      const assertion = await new SignJWT({ scope: SCOPE }).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).setIssuer(account.client_email).setAudience(uri).setIssuedAt(Math.floor(now / 1_000)).setExpirationTime(Math.floor(now / 1_000) + 3_600).sign(await importPKCS8(account.private_key, 'RS256'));
      const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString();
      const answer = await deps.egress.request({ url: uri, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body, maxBytes: ANSWER_BYTES, timeoutMs: TIMEOUT_MS });
      if (answer.status !== 200) return { kind: 'refused', retryAfterMs: retryAfter(answer.headers['retry-after'], now), detail: `${answer.status} of the token exchange` };
      const parsed = Token.parse(JSON.parse(answer.body.toString()));
      token = { value: parsed.access_token, until: now + parsed.expires_in * 1_000 - EARLY_MS };
      return token.value;
    } catch (error) {
      return { kind: 'refused', retryAfterMs: null, detail: `the token exchange failed: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  return {
    async send(target, message) {
      const access = await accessToken();
      if (typeof access !== 'string') return access;
      try {
        const answer = await deps.egress.request({
          url: `${origin}/v1/projects/${encodeURIComponent(account.project_id)}/messages:send`, method: 'POST', maxBytes: ANSWER_BYTES, overflow: 'cut', timeoutMs: TIMEOUT_MS,
          headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' }, body: JSON.stringify({ message: messageFor(target.token, message) }),
        });
        if (answer.status === 401) {
          // The token was withdrawn before its time; a refusal for certain.
          token = null;
          return { kind: 'refused', retryAfterMs: null, detail: '401 fcm' };
        }
        const codes = codesOf(answer.body.toString());
        // A bad token of the device comes as a bad request, and as one of another project.
        if (codes.includes('UNREGISTERED') || codes.includes('SENDER_ID_MISMATCH')) return { kind: 'gone' };
        return outcomeOfStatus(answer.status === 404 ? 400 : answer.status, answer.headers, `fcm ${codes.join(' ')}`, deps.clock.now());
      } catch (error) {
        return outcomeOfError(error);
      }
    },
    close: () => Promise.resolve(),
  };
}

function messageFor(token: string, { payload, collapse, ttlSeconds }: PushMessage): object {
  // Values are strings, all of them.
  const data = Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
  return { token, data, android: { collapse_key: collapse, priority: 'HIGH', ttl: `${ttlSeconds}s` } };
}

function codesOf(body: string): string[] {
  try {
    const { error } = Refusal.parse(JSON.parse(body));
    return [...(error.status === undefined ? [] : [error.status]), ...(error.details ?? []).flatMap((detail) => (detail.errorCode === undefined ? [] : [detail.errorCode]))];
  } catch {
    // Not a refusal of FCM's form: the status alone says what there is to say.
    return [];
  }
}
