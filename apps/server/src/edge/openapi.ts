import * as z from 'zod/mini';
import type { Call } from '@parley/shared/protocol/call';
import { CALLS } from '@parley/shared/protocol/calls';
import { ERROR_STATUS, Problem } from '@parley/shared/protocol/errors';
import { API_PREFIX, PROTOCOL_VERSION } from '@parley/shared/protocol/version';

type Json = Record<string, unknown>;

/** The whole surface as an OpenAPI 3.1 document, made from the schemas that parse it. */
export function openApiDocument(url: string): Json {
  const paths: Record<string, Json> = {};
  for (const call of CALLS) (paths[`/${call.path}`] ??= {})[call.method.toLowerCase()] = operation(call);
  return {
    openapi: '3.1.0',
    info: { title: 'Parley', version: String(PROTOCOL_VERSION), description: 'Requests are strict: unknown fields are refused. Answers are loose: ignore what you do not know.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: `${url}${API_PREFIX}` }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(Problem, 'output') },
      responses: Object.fromEntries(
        [...new Set(Object.values(ERROR_STATUS))].map((status) => [`Problem${status}`, { description: codesOf(status), content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }]),
      ),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token that signing in answered.' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'parley_session', description: 'For browsers; unsafe calls also need an allowed Origin.' },
      },
    },
  };
}

const codesOf = (status: number): string => Object.entries(ERROR_STATUS).filter(([, s]) => s === status).map(([code]) => code).join(', ');

/** What each call may be refused with. */
function refusals(call: Call): number[] {
  const statuses = [400, 404, 429, 500, 503];
  if (call.auth === 'session') statuses.push(401, 403);
  if (call.method === 'POST') statuses.push(409, 413, 415, 507);
  if (call.path === 'sign_in') statuses.push(401);
  return [...new Set(statuses)].sort();
}

function operation(call: Call): Json {
  const request = jsonSchema(call.request, 'input') as { properties?: Record<string, Json>; required?: string[] };
  const inPath = [...call.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const properties = request.properties ?? {};
  const raw = call.body === 'raw';
  const asQuery = call.method === 'GET' || raw;
  const parameters = Object.entries(properties).filter(([name]) => asQuery || inPath.includes(name)).map(([name, schema]) => ({
    name, in: inPath.includes(name) ? 'path' : 'query', required: inPath.includes(name) || (request.required ?? []).includes(name), schema,
  }));
  const success: Json = { description: call.summary };
  if (call.answer === 'bytes') success['content'] = { '*/*': { schema: { type: 'string', format: 'binary' } } };
  else if (call.status !== 204) success['content'] = { 'application/json': { schema: jsonSchema(call.response, 'output') } };
  const responses: Json = { [String(call.status)]: success };
  if (call.path === 'send_message') responses['200'] = { ...success, description: 'A repeat of a message that was sent before' };
  if (call.answer === 'bytes') responses['416'] = { description: 'The range lies outside the bytes' };
  if (call.answer === 'bytes') responses['206'] = { ...success, description: 'The range that was asked for' };
  for (const status of refusals(call)) responses[String(status)] = { $ref: `#/components/responses/Problem${status}` };
  return {
    operationId: call.path.replace(/[^a-z_]+/g, '_').replace(/_+$/, '') + (call.path === 'imports' ? '_start' : ''),
    summary: call.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(asQuery && !raw ? {} : { requestBody: { required: true, content: raw ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } : { 'application/json': { schema: request } } } }),
    responses,
    security: call.auth === 'session' ? [{ token: [] }, { cookie: [] }] : call.auth === 'optional' ? [{}, { token: [] }, { cookie: [] }] : [],
  };
}

/** JSON Schema 2020-12 of a wire schema. */
export function jsonSchema(schema: z.ZodMiniType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' }) as Json;
  return rest;
}
