import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/**
 * Where connections may begin: the guarded client; SMTP, which is no HTTP and leads only where who runs the server says; and
 * the library that makes requests of Web Push, of which the last test holds that it sends none.
 */
const MAY_CONNECT = ['egress/', 'mail/smtp/', 'push/web/vapid-request.ts'];
const isTest = (path: string): boolean => /\.(test|contract|child)\.ts$/.test(path) || /(^|\/)testing[./]/.test(path);
/** Modules that open connections, with the names that only listen or look at addresses. */
const LISTENING: Readonly<Record<string, readonly string[]>> = {
  'http': ['createServer', 'STATUS_CODES'], 'https': ['createServer'], 'http2': ['constants'], 'net': ['createServer', 'isIP', 'BlockList'], 'tls': [], 'dgram': [], 'dns': [], 'dns/promises': [],
  'ws': ['WebSocketServer'], 'undici': [], 'axios': [], 'node-fetch': [], 'got': [], 'web-push': [], 'nodemailer': [],
};
const GLOBALS = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']);

/** Every way to open a connection in a source: a value import that is not for listening, and the globals. */
function waysOut(source: string): string[] {
  const found: string[] = [];
  const bound = new Set<string>();
  const file = ts.createSourceFile('x.ts', source, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
      const name = node.moduleSpecifier.text.replace(/^node:/, '');
      const listening = LISTENING[name];
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
      const typeOnly = ts.isImportDeclaration(node) ? clause?.isTypeOnly === true : node.isTypeOnly;
      const names = clause?.namedBindings !== undefined && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : [];
      for (const element of names) bound.add(element.name.text);
      if (listening !== undefined && !typeOnly) {
        if (names.length === 0 || clause?.name !== undefined) found.push(name);
        for (const element of names) if (!element.isTypeOnly && !listening.includes((element.propertyName ?? element.name).text)) found.push(`${name}.${(element.propertyName ?? element.name).text}`);
      }
      return;
    }
    if (ts.isCallExpression(node) && node.arguments[0] !== undefined && ts.isStringLiteralLike(node.arguments[0])) {
      const loads = node.expression.kind === ts.SyntaxKind.ImportKeyword || /(^|\.)(require|getBuiltinModule)$/.test(node.expression.getText());
      const name = node.arguments[0].text.replace(/^node:/, '');
      if (loads && LISTENING[name] !== undefined) found.push(name);
    }
    if (ts.isIdentifier(node) && GLOBALS.has(node.text) && !bound.has(node.text)) {
      const { parent } = node;
      const ofGlobal = ts.isPropertyAccessExpression(parent) && parent.name === node && /^(globalThis|global)$/.test(parent.expression.getText());
      const plain = ts.isExpression(node) && !(ts.isPropertyAccessExpression(parent) && parent.name === node) && !ts.isTypeNode(parent) && !('name' in parent && parent.name === node);
      if (ofGlobal || plain) found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('the only way out', () => {
  it('nothing of the server but egress opens a connection', () => {
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && !isTest(path));
    expect(sources.length).toBeGreaterThan(100);
    const offenders = sources.filter((path) => !MAY_CONNECT.some((place) => path.startsWith(place))).flatMap((path) => waysOut(readFileSync(`${root}/${path}`, 'utf8')).map((way) => `${path}: ${way}`));
    expect(offenders).toEqual([]);
  });

  it('the Web Push library makes keys and requests only', () => {
    const source = readFileSync(`${root}/push/web/vapid-request.ts`, 'utf8');
    expect(new Set([...source.matchAll(/library\.(\w+)/g)].map(([, name]) => name))).toEqual(new Set(['generateVAPIDKeys', 'generateRequestDetails']));
    expect(source.match(/web-push'/g)).toHaveLength(1);
  });

  it.each([
    `import { request } from 'node:http';`, `import https from 'node:https';`, `import * as net from 'net';`, `import { connect as c } from 'node:http2';`, `import { createServer, connect } from 'node:net';`,
    `import { WebSocket } from 'ws';`, `export { request } from 'node:https';`, `const h = await import('node:http');`, `const h = require('https');`, `const h = process.getBuiltinModule('node:net');`, `await fetch('https://x');`, `await globalThis.fetch('https://x');`, `const go = fetch;`, `new WebSocket('ws://x');`,
  ])('sees %s', (source) => {
    expect(waysOut(source)).not.toEqual([]);
  });

  it.each([`import { createServer, type Server } from 'node:http';`, `import type { Socket } from 'node:net';`, `import { WebSocketServer, type WebSocket } from 'ws';\nlet s: WebSocket;`, `let s: WebSocket;`, `store.fetch(1);`])('lets %s be', (source) => {
    expect(waysOut(source)).toEqual([]);
  });
});
