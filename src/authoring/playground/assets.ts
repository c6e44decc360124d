/** The files of the page, and what is put into its HTML when it is served or exported. */
import { readFileSync } from 'node:fs'
import { PLAYGROUND_FILES } from '../../installed.ts'
import type { PlaygroundContent } from './content.ts'

export interface Asset {
  readonly name: string
  readonly type: string
}

/** The page itself comes first. */
export const ASSETS: readonly Asset[] = [
  { name: 'index.html', type: 'text/html; charset=utf-8' },
  { name: 'style.css', type: 'text/css; charset=utf-8' },
  { name: 'page.js', type: 'text/javascript; charset=utf-8' },
  { name: 'worker.js', type: 'text/javascript; charset=utf-8' },
  { name: 'icon.svg', type: 'image/svg+xml' },
]

/** @throws {Error} when the page was not built */
export function readAsset(name: string): Uint8Array {
  return readFileSync(new URL(name, PLAYGROUND_FILES))
}

/**
 * The policy of the page. Scripts come from its own files only, nothing is evaluated, and nobody may frame it. CodeMirror adds one style
 * element, which is allowed by its nonce.
 *
 * The rules become JavaScript, which needs `new Function`. That happens in the worker, whose script has a policy of its own
 * ({@link WORKER_POLICY}): code of rules runs where there is no page, and no way out.
 *
 * @param connect `'self'` where the page asks its server for content; `'none'` where it has all of it
 */
export function pagePolicy(nonce: string, connect: "'self'" | "'none'"): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "worker-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

/**
 * The policy of the worker, a header of its script: it may evaluate, and load or ask nothing. A static web server sends no such header: the
 * worker then takes the means of doing so from itself before it reads a rule (page/worker.ts does that in any case).
 */
export const WORKER_POLICY = "default-src 'none'; script-src 'unsafe-eval'"

/**
 * The page's HTML.
 *
 * @param policy undefined: the server sends it as a header. Else a meta element has it
 * @param content undefined: the page asks its server
 */
export function pageHtml(
  nonce: string,
  policy: string | undefined,
  content: PlaygroundContent | undefined,
): string {
  const meta = policy === undefined ? '' : `<meta http-equiv="Content-Security-Policy" content="${policy}">`
  // A script of JSON is data: it is not run. `<` cannot end it.
  const start = JSON.stringify(content === undefined ? null : { content, versions: {}, notes: [] })
  return new TextDecoder()
    .decode(readAsset('index.html'))
    .replace('<!-- policy -->', () => meta)
    .replace('NONCE', () => nonce)
    .replace('"START"', () => start.replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028'))
}
