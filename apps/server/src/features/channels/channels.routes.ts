import * as calls from '@parley/shared/protocol/calls/channels';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import * as channels from './channels.service.ts';

export function channelRoutes(deps: Deps): Route[] {
  return [
    route(calls.createChannel, ({ caller }, input) => channels.createChannel(deps, caller, input)),
    route(calls.openDm, ({ caller }, input) => channels.openDm(deps, caller, input)),
    route(calls.joinChannel, ({ caller }, input) => channels.joinChannel(deps, caller, input.channel_id)),
    route(calls.leaveChannel, ({ caller }, input) => channels.leaveChannel(deps, caller, input.channel_id)),
    route(calls.archiveChannel, ({ caller }, input) => channels.setArchived(deps, caller, input.channel_id, true)),
    route(calls.unarchiveChannel, ({ caller }, input) => channels.setArchived(deps, caller, input.channel_id, false)),
    route(calls.inviteToChannel, ({ caller }, input) => channels.inviteToChannel(deps, caller, input)),
    route(calls.removeFromChannel, ({ caller }, input) => channels.removeFromChannel(deps, caller, input)),
    route(calls.updateChannel, ({ caller }, input) => channels.updateChannel(deps, caller, input)),
    route(calls.getChannels, ({ caller }, input) => channels.listChannels(deps, caller, input)),
    route(calls.getMembers, ({ caller }, input) => channels.listMembers(deps, caller, input)),
  ];
}
