import { isIP } from 'node:net';
import * as calls from '@parley/shared/protocol/calls/push';
import type { RequestOf } from '@parley/shared/protocol/call';
import { ParleyError } from '@parley/shared/protocol/errors';
import { invalidField } from '../../edge/parse.ts';
import { route, type Route } from '../../edge/route.ts';
import { parseAllowList } from '../../egress/allow-list.ts';
import { languageOf } from '../../i18n/words.ts';
import type { Deps } from '../../platform/deps.ts';
import { digest } from '../../platform/secrets.ts';
import type { PushTarget } from '../../push/port.ts';

const WRITE = { limits: ['write'] };

/** A device has itself told; each session speaks for its own device only. */
export function pushRoutes(deps: Deps): Route[] {
  const allow = parseAllowList(deps.config.egressAllow);
  return [
    route(calls.pushSubscribe, async ({ caller }, input) => {
      if (!deps.push.kinds.includes(input.kind)) throw invalidField('kind', `this server tells devices by ${deps.push.kinds.join(', ') || 'nothing'}`);
      const target = targetOf(input, (url) => {
        const host = url.hostname.replace(/^\[|\]$/g, '');
        return url.protocol === 'https:' || allow.permits(host, Number(url.port || 80), isIP(host) === 0 ? '0.0.0.0' : host);
      });
      const address = digest(target.kind === 'web' ? target.endpoint : `${target.kind} ${target.token}`);
      const { subscribed } = await deps.store.run('push.subscribe', { user_id: caller.user_id, device_id: caller.device_id, kind: target.kind, target, address, language: input.language === undefined ? null : languageOf(input.language) });
      if (!subscribed) throw new ParleyError('not_authenticated');
      return { kind: target.kind };
    }, WRITE),
    route(calls.pushUnsubscribe, async ({ caller }) => void (await deps.store.run('push.unsubscribe', { user_id: caller.user_id, device_id: caller.device_id })), WRITE),
  ];
}

/** @param may whether a service at that address may be spoken to; where its name leads is for egress to say, each time. */
function targetOf(input: RequestOf<typeof calls.pushSubscribe>, may: (url: URL) => boolean): PushTarget {
  if (input.kind !== 'web') {
    if (input.endpoint !== undefined || input.keys !== undefined) throw invalidField(input.endpoint === undefined ? 'keys' : 'endpoint', 'of browsers only');
    if (input.token === undefined || !/^[\w:.-]+$/.test(input.token)) throw invalidField('token', 'the registration of the app');
    return { kind: input.kind, token: input.token };
  }
  if (input.token !== undefined) throw invalidField('token', 'of apps only');
  if (input.endpoint === undefined || !URL.canParse(input.endpoint)) throw invalidField('endpoint', 'an https address');
  const url = new URL(input.endpoint);
  if (url.username !== '' || url.password !== '' || url.hash !== '' || (url.protocol !== 'https:' && url.protocol !== 'http:') || !may(url)) throw invalidField('endpoint', 'an https address');
  const p256dh = bytesOf(input.keys?.p256dh);
  const auth = bytesOf(input.keys?.auth);
  if (p256dh?.length !== 65 || p256dh[0] !== 4) throw invalidField('keys.p256dh', 'an uncompressed point of P-256 in base64url');
  if (auth?.length !== 16) throw invalidField('keys.auth', '16 bytes in base64url');
  return { kind: 'web', endpoint: url.href, p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') };
}

const bytesOf = (text: string | undefined): Buffer | undefined => (text === undefined || !/^[\w-]+={0,2}$/.test(text) ? undefined : Buffer.from(text, 'base64url'));
