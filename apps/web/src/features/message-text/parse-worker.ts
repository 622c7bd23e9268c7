import { parseMarkup } from '@parley/shared/domain/markup/parse';

/** Parses long texts away from the page. It says when it begins, so that only the parsing is timed. */
const scope = self as unknown as { onmessage: ((event: MessageEvent<{ id: number; content: string }>) => void) | null; postMessage(data: unknown): void };

scope.onmessage = ({ data }) => {
  scope.postMessage({ id: data.id, kind: 'started' });
  scope.postMessage({ id: data.id, kind: 'done', markup: parseMarkup(data.content) });
};
scope.postMessage({ id: 0, kind: 'ready' });
