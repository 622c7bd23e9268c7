import type { Clock } from '@parley/shared/domain/clock';
import type { Egress } from '../../egress/port.ts';
import { outcomeOfError, outcomeOfStatus } from '../outcome.ts';
import type { PushAdapter, PushTarget } from '../port.ts';
import { vapidRequest, type VapidKeys } from './vapid-request.ts';

export interface WebPushOptions {
  keys: VapidKeys;
  /** `mailto:` or `https:` address of who runs the server, for the push services. */
  contact: string;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 2_048;

/** Web Push. */
export function webPush(deps: { egress: Egress; clock: Clock }, options: WebPushOptions): PushAdapter<Extract<PushTarget, { kind: 'web' }>> {
  return {
    async send(target, message) {
      let request: ReturnType<typeof vapidRequest>;
      try {
        request = vapidRequest(target, message, { subject: options.contact, ...options.keys });
      } catch {
        // Keys that are no point of the curve: nothing can be encrypted for this device, ever.
        return { kind: 'gone' };
      }
      try {
        const answer = await deps.egress.request({ url: target.endpoint, method: 'POST', ...request, maxBytes: ANSWER_BYTES, overflow: 'cut', timeoutMs: TIMEOUT_MS });
        return outcomeOfStatus(answer.status, answer.headers, 'web push', deps.clock.now());
      } catch (error) {
        return outcomeOfError(error);
      }
    },
    close: () => Promise.resolve(),
  };
}
