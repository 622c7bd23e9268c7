import { API_PREFIX } from '@parley/shared/protocol/version';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';

/** Calls the server as one signed-in person, to set up what a story needs. Throws with the problem document when refused. */
export class Api {
  constructor(readonly url: string, readonly token: string | null = null) {}

  async call<C extends Call>(call: C, input: InputOf<C>): Promise<ResponseOf<C>> {
    const fields = { ...(input as Record<string, unknown>) };
    const path = call.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = String(fields[name]);
      delete fields[name];
      return encodeURIComponent(value);
    });
    const query = call.method === 'GET' ? `?${new URLSearchParams(Object.entries(fields).map(([k, v]) => [k, String(v)]))}` : '';
    const response = await fetch(`${this.url}${API_PREFIX}/${path}${query}`, {
      method: call.method,
      headers: { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...(call.method === 'POST' ? { 'content-type': 'application/json' } : {}) },
      ...(call.method === 'POST' ? { body: JSON.stringify(fields) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${call.method} ${call.path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as ResponseOf<C>;
  }
}
