import { ParleyError } from '@parley/shared/protocol/errors';
import type { Route } from './route.ts';

interface Template {
  segments: readonly { name: string | null; text: string }[];
  methods: Map<string, Route>;
}
export interface Match {
  route: Route;
  /** Fields that stood in the path. */
  params: Record<string, string>;
}
const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/** Finds the route of a path: calls by their fixed path, then by templates such as `files/{id}`. */
export class Router {
  private readonly fixed = new Map<string, Map<string, Route>>();
  private readonly templates: Template[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const methods = this.methodsOf(route.call.path);
      if (methods.has(route.call.method)) throw new TypeError(`two routes for ${route.call.method} ${route.call.path}`);
      methods.set(route.call.method, route);
    }
  }

  /** @throws ParleyError `not_found`, or `method_not_allowed` with the allowed ones in `allow`. */
  match(method: string, path: string): Match {
    let methods = this.fixed.get(path);
    let params: Record<string, string> = NO_PARAMS;
    if (!methods && this.templates.length > 0) {
      const parts = path.split('/');
      for (const template of this.templates) {
        const found = fit(template, parts);
        if (!found) continue;
        methods = template.methods;
        params = found;
        break;
      }
    }
    if (!methods) throw new ParleyError('not_found', 'no such call');
    const route = methods.get(method === 'HEAD' ? 'GET' : method);
    if (!route) throw new MethodNotAllowed([...methods.keys()]);
    return { route, params };
  }

  private methodsOf(path: string): Map<string, Route> {
    if (!path.includes('{')) {
      let methods = this.fixed.get(path);
      if (!methods) this.fixed.set(path, (methods = new Map()));
      return methods;
    }
    const segments = path.split('/').map((text) => ({ text, name: /^\{(\w+)\}$/.exec(text)?.[1] ?? null }));
    const same = this.templates.find((t) => t.segments.map((s) => s.text).join('/') === path);
    if (same) return same.methods;
    const template: Template = { segments, methods: new Map() };
    this.templates.push(template);
    return template.methods;
  }
}

export class MethodNotAllowed extends ParleyError {
  readonly allow: string;
  constructor(methods: readonly string[]) {
    const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
    super('method_not_allowed', `allowed: ${allow.join(', ')}`);
    this.allow = allow.join(', ');
  }
}

function fit(template: Template, parts: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== template.segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of template.segments.entries()) {
    const part = parts[i]!;
    if (segment.name === null) {
      if (segment.text !== part) return undefined;
      continue;
    }
    try {
      params[segment.name] = decodeURIComponent(part);
    } catch (error) {
      if (error instanceof URIError) return undefined;
      throw error;
    }
  }
  return params;
}
