import { getImport, startImport } from '@parley/shared/protocol/calls/imports';
import { ParleyError } from '@parley/shared/protocol/errors';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { importStatus, startUpload } from './imports.service.ts';

export const importRoutes = (deps: Deps): Route[] => [
  route(startImport, async ({ caller, body }, input) => {
    if (!body) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'body', message: 'has to be the archive' }] });
    return startUpload(deps, caller, input, body);
  }, { limits: ['import'] }),
  route(getImport, ({ caller }, input) => importStatus(deps.store, caller, input.import_id)),
];
