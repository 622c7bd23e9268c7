import * as calls from '@parley/shared/protocol/calls/messages';
import { reply, route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import * as messages from './messages.service.ts';

export function messageRoutes(deps: Deps): Route[] {
  return [
    route(calls.sendMessage, async ({ caller }, input) => {
      const sent = await messages.sendMessage(deps, caller, input);
      return reply(sent.repeat ? 200 : 201, sent.answer);
    }, { idempotencyKey: false, limits: ['send', 'channel'] }),
    route(calls.getMessages, ({ caller }, input) => messages.getMessages(deps, caller, input)),
    route(calls.editMessage, ({ caller }, input) => messages.editMessage(deps, caller, input), { limits: ['write'] }),
    route(calls.deleteMessage, ({ caller }, input) => messages.deleteMessage(deps, caller, input), { limits: ['write'] }),
    route(calls.react, ({ caller }, input) => deps.store.run('reactions.set', {
      who: caller, ref: { channel_id: input.channel_id, message_id: input.message_id }, emoji: input.emoji, remove: input.remove,
    }), { limits: ['write'] }),
  ];
}
