import * as calls from '@parley/shared/protocol/calls/cards';
import { ParleyError } from '@parley/shared/protocol/errors';
import { reply, route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { serveBytes } from '../files/serve.ts';
import { demandMessage } from '../messages/find-message.ts';
import { pictureAddress } from './card-rows.ts';

export const cardsRoutes = (deps: Deps): Route[] => [
  route(calls.removeCard, ({ caller }, input) => deps.store.run('cards.remove', { who: caller, ref: { channel_id: input.channel_id, message_id: input.message_id }, url: input.url }), { limits: ['write'] }),

  route(calls.cardPicture, async ({ caller, header }, input) => {
    const { row } = await deps.store.read((tx) => demandMessage(tx, caller, input));
    // By its whole address: a hash alone opens nothing.
    const shown = row.doc.cards?.some((card) => card.image?.url === pictureAddress(input, input.hash));
    if (!shown || (await deps.cardPictures.size(input.hash)) === null) throw new ParleyError('not_found', 'no such picture on this message');
    const bytes = await serveBytes(deps.cardPictures, { hash: input.hash, mime: 'image/webp', inline: true, name: 'card.webp' }, { range: header('range'), if_range: header('if-range'), if_none_match: header('if-none-match') });
    return reply(bytes.status, bytes);
  }),
];
