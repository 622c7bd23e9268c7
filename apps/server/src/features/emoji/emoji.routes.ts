import * as calls from '@parley/shared/protocol/calls/emoji';
import { LIMITS } from '@parley/shared/protocol/limits';
import { ParleyError } from '@parley/shared/protocol/errors';
import { reply, route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { emoji } from '../../storage/tables.ts';
import { demandInWorkspace } from '../channels/channel-access.ts';
import { serveBytes } from '../files/serve.ts';
import { addEmoji } from './emoji.service.ts';

const WRITE = { limits: ['write'] };

export function emojiRoutes(deps: Deps): Route[] {
  return [
    route(calls.addEmoji, async ({ caller, body, header }, input) => {
      if (!body) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'body', message: 'has to be the picture' }] });
      if (Number(header('content-length') ?? 0) > LIMITS.emoji_upload_bytes) throw new ParleyError('too_large', `at most ${LIMITS.emoji_upload_bytes} bytes`);
      return addEmoji(deps, caller, input, body);
    }, WRITE),
    route(calls.removeEmoji, async ({ caller }, input) => void (await deps.store.run('emoji.remove', { who: caller, emoji_id: input.emoji_id })), WRITE),
    route(calls.getEmojiPicture, async ({ caller, header }, input) => {
      const row = await deps.store.read(async (tx) => {
        const found = await tx.get(emoji, [input.id]);
        if (!found) throw new ParleyError('not_found', 'not there, or not for you');
        await demandInWorkspace(tx, caller, found.workspace_id, 'workspace.view');
        return found;
      });
      const hash = input.still === true ? (row.still ?? row.hash) : row.hash;
      const bytes = await serveBytes(deps.files, { hash, mime: 'image/webp', inline: true, name: `${row.name}.webp` }, { range: header('range'), if_range: header('if-range'), if_none_match: header('if-none-match') });
      return reply(bytes.status, bytes);
    }),
  ];
}
