import { getServer } from '@parley/shared/protocol/calls/accounts';
import { LIMITS } from '@parley/shared/protocol/limits';
import { PROTOCOL_VERSION } from '@parley/shared/protocol/version';
import { isLoopbackHost } from '../../edge/origin.ts';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { PRODUCT_VERSION } from '../../platform/version.ts';
import { claims } from '../../storage/tables.ts';

/** Whether `/set_up` wants the code: unless the server listens on loopback only and the request came straight from there. */
export const setUpCodeRequired = (deps: Deps, context: { loopback: boolean }): boolean => !(isLoopbackHost(deps.config.host) && context.loopback);

export const serverRoutes = (deps: Deps): Route[] => [
  route(getServer, async (context) => {
    const set_up = (await deps.store.read((tx) => tx.get(claims, ['set_up']))) !== undefined;
    return {
      name: 'Parley', version: PRODUCT_VERSION, protocol: PROTOCOL_VERSION, incarnation: deps.store.incarnation(), set_up,
      sign_in: { password: true, oidc: [] }, limits: { ...LIMITS, large_channel: deps.config.largeChannel, file_bytes: deps.config.fileBytes, file_quota_bytes: deps.config.fileQuotaBytes },
      push: { kinds: [...deps.push.kinds], web_key: deps.push.webKey }, mail: deps.mailer.delivers,
      ...(set_up ? {} : { set_up_code_required: setUpCodeRequired(deps, context) }),
    };
  }),
];
