import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageHtml, pageStyle } from './page-html.js';
import { pageScript } from './page-script.js';

const allowed = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Its own script and style alone, by their digests; it talks to the sandbox alone, and nobody may frame it. */
const policy = [
  "default-src 'none'",
  `script-src ${allowed(pageScript)}`,
  `style-src ${allowed(pageStyle)}`,
  "connect-src 'self'",
  // An empty icon: a browser that asked for one would leave a line in the ledger.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page that shows what is going on, at the root of the control routes. */
export function pageRoute(app: FastifyInstance): void {
  const show = (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
      .send(pageHtml);
  app.get('/', show);
}
