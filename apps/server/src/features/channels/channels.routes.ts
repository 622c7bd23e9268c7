import * as calls from '@parley/shared/protocol/calls/channels';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import * as channels from './channels.service.ts';

const WRITE = { limits: ['write'] };

export function channelRoutes(deps: Deps): Route[] {
  return [
    route(calls.createChannel, ({ caller }, input) => channels.createChannel(deps, caller, input), WRITE),
    route(calls.openDm, ({ caller }, input) => channels.openDm(deps, caller, input), WRITE),
    route(calls.joinChannel, ({ caller }, input) => channels.joinChannel(deps, caller, input.channel_id), WRITE),
    route(calls.leaveChannel, ({ caller }, input) => channels.leaveChannel(deps, caller, input.channel_id), WRITE),
    route(calls.archiveChannel, ({ caller }, input) => channels.setArchived(deps, caller, input.channel_id, true), WRITE),
    route(calls.unarchiveChannel, ({ caller }, input) => channels.setArchived(deps, caller, input.channel_id, false), WRITE),
    route(calls.inviteToChannel, ({ caller }, input) => channels.inviteToChannel(deps, caller, input), WRITE),
    route(calls.removeFromChannel, ({ caller }, input) => channels.removeFromChannel(deps, caller, input), WRITE),
    route(calls.updateChannel, ({ caller }, input) => channels.updateChannel(deps, caller, input), WRITE),
    route(calls.getChannels, ({ caller }, input) => channels.listChannels(deps, caller, input)),
    route(calls.getMembers, ({ caller }, input) => channels.listMembers(deps, caller, input)),
  ];
}
