import type { Clock } from '@parley/shared/domain/clock';
import type { PushKind } from '@parley/shared/protocol/calls/push';
import type { Egress } from '../egress/port.ts';
import { apns, type ApnsOptions } from './apns/apns.ts';
import { fcm, type ServiceAccount } from './fcm/fcm.ts';
import type { Push, PushAdapter, PushTarget } from './port.ts';
import type { VapidKeys } from './web/vapid-request.ts';
import { webPush } from './web/web-push.ts';

export interface PushOptions {
  web: { keys: VapidKeys; contact: string };
  fcm: ServiceAccount | null;
  apns: ApnsOptions | null;
}

/** The push port over the services that this server has credentials for. Web Push needs none. */
export function openPush(deps: { egress: Egress; clock: Clock }, options: PushOptions): Push {
  const adapters: Partial<{ [K in PushKind]: PushAdapter<Extract<PushTarget, { kind: K }>> }> = {
    web: webPush(deps, options.web),
    ...(options.fcm && { fcm: fcm(deps, options.fcm) }),
    ...(options.apns && { apns: apns(deps, options.apns) }),
  };
  return {
    kinds: Object.keys(adapters) as PushKind[],
    webKey: options.web.keys.publicKey,
    async send(target, message) {
      const adapter = adapters[target.kind] as PushAdapter | undefined;
      // It was subscribed while the server had credentials for it.
      return adapter ? adapter.send(target, message) : { kind: 'never', detail: `no credentials for ${target.kind}` };
    },
    async close() {
      await Promise.all(Object.values(adapters).map((adapter) => adapter.close()));
    },
  };
}
