import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CALLS } from '@parley/shared/protocol/calls';
import { ERROR_STATUS } from '@parley/shared/protocol/errors';
import { ClientFrame, CLOSE, ServerFrame } from '@parley/shared/protocol/frames';
import { PROTOCOL_HISTORY } from '@parley/shared/protocol/protocol-history';
import { jsonSchema } from './openapi.ts';

const text = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
const typesOf = (schema: Record<string, unknown>): string[] => ((schema['oneOf'] ?? schema['anyOf']) as { properties: { type: { const: string } } }[]).map((s) => s.properties.type.const);

it('docs/protocol.md names every call, frame, error, close code and version', () => {
  const missing = [
    ...CALLS.map((call) => `\`${call.method} /${call.path}\``),
    ...Object.entries(ERROR_STATUS).map(([code, status]) => `| \`${code}\` | ${status} |`),
    ...[...typesOf(jsonSchema(ClientFrame, 'input')), ...typesOf(jsonSchema(ServerFrame, 'output'))].map((type) => `\`${type}\``),
    ...Object.values(CLOSE).map((code) => `| ${code} |`),
    ...PROTOCOL_HISTORY.map((entry) => `| ${entry.version} | \`${entry.hash}\` | ${entry.change} |`),
  ].filter((part) => !text.includes(part));
  expect(missing).toEqual([]);
});
